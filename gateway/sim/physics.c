/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/physics.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/plant.h"
#include "sim/hydraulics.h"

/* A step takes some thousands; this many mean that it doesn't end. */
enum { STEPS_MOST = 50 * 1000 * 1000, STAGE_MOST = 64 };

struct physics {
    lua_State *lua;
    struct world *world;
    uint64_t seed;
    double time;
    int tags; /* reference of the table from path to tag */
};

static struct physics *me(lua_State *l)
{
    return *(struct physics **)lua_getextraspace(l);
}

/* Every step names the same tags: looked up once. */
static uint32_t tag_of(lua_State *l)
{
    struct physics *p = me(l);
    const char *path = luaL_checkstring(l, 1);
    lua_rawgeti(l, LUA_REGISTRYINDEX, p->tags);
    lua_pushvalue(l, 1);
    if (lua_rawget(l, -2) == LUA_TNUMBER) {
        uint32_t known = (uint32_t)lua_tointeger(l, -1);
        lua_pop(l, 2);
        return known;
    }
    lua_pop(l, 1);
    uint32_t tag = plant_find_tag(p->world->plant, path);
    if (tag == TAG_NONE)
        luaL_error(l, "the plant has no tag '%s'", path);
    if (tag >= p->world->plant->first_derived)
        luaL_error(l, "'%s' is derived by the gateway, no device says it", path);
    lua_pushvalue(l, 1);
    lua_pushinteger(l, tag);
    lua_rawset(l, -3);
    lua_pop(l, 1);
    return tag;
}

static void own(struct world *w, uint32_t tag)
{
    const struct point *p = world_point(w, tag);
    w->owned[tag] = true;
    if (p->from >= 0)
        own(w, w->device_of[tag]->first_tag + (uint32_t)p->from);
}

/* set(path, value): number, true or false, word of an enum; nil is "the device has no value". */
static int lua_set(lua_State *l)
{
    struct world *w = me(l)->world;
    uint32_t tag = tag_of(l);
    struct value v = {.kind = VALUE_NONE};
    switch (lua_type(l, 2)) {
    case LUA_TBOOLEAN:
        v = (struct value){.kind = VALUE_BOOL, .truth = lua_toboolean(l, 2)};
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(l, 2))
            v = (struct value){.kind = VALUE_INT, .i = lua_tointeger(l, 2)};
        else
            v = (struct value){.kind = VALUE_REAL, .real = lua_tonumber(l, 2)};
        break;
    case LUA_TSTRING: {
        size_t length;
        v.kind = VALUE_TEXT;
        v.text = lua_tolstring(l, 2, &length);
        v.length = (uint32_t)length;
        break;
    }
    case LUA_TNIL:
    case LUA_TNONE:
        break;
    default:
        return luaL_error(l, "set('%s', ...) takes a number, a boolean, a text or nil",
                          lua_tostring(l, 1));
    }
    own(w, tag);
    if (v.kind == VALUE_NONE ? !world_set_bad(w, tag) : !world_set(w, tag, &v)) {
        if (v.kind == VALUE_TEXT)
            return luaL_error(l, "'%s' can't say '%s'", lua_tostring(l, 1), v.text);
        if (v.kind == VALUE_NONE)
            return luaL_error(l, "'%s' has no word for \"no value\"", lua_tostring(l, 1));
    }
    return 0;
}

static int lua_get(lua_State *l)
{
    double x = me(l)->world->numbers[tag_of(l)];
    if (isnan(x))
        lua_pushnil(l);
    else
        lua_pushnumber(l, x);
    return 1;
}

static int lua_time(lua_State *l)
{
    lua_pushnumber(l, me(l)->time);
    return 1;
}

/* noise(sigma): twelve throws make a bell that is round enough for a sensor. */
static int lua_noise(lua_State *l)
{
    struct physics *p = me(l);
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        p->seed = p->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        sum += (double)(p->seed >> 11) * 0x1p-53;
    }
    lua_pushnumber(l, sum * luaL_optnumber(l, 1, 1));
    return 1;
}

static int lua_lag(lua_State *l)
{
    lua_pushnumber(l, lag_step(luaL_checknumber(l, 1), luaL_checknumber(l, 2),
                               luaL_checknumber(l, 3), luaL_checknumber(l, 4)));
    return 1;
}

static int lua_switch(lua_State *l)
{
    lua_pushboolean(l, switch_step(lua_toboolean(l, 1), luaL_checknumber(l, 2),
                                   luaL_checknumber(l, 3), luaL_checknumber(l, 4)));
    return 1;
}

static int lua_pump_flow(lua_State *l)
{
    lua_pushnumber(l,
                   pump_flow(luaL_checknumber(l, 1), luaL_checknumber(l, 2), luaL_checknumber(l, 3),
                             luaL_checknumber(l, 4), luaL_checknumber(l, 5)));
    return 1;
}

/* basin{{level, volume}, ...}: both rising. */
struct lua_basin {
    struct water basin;
    struct pair stage[STAGE_MOST];
};

static int lua_basin(lua_State *l)
{
    luaL_checktype(l, 1, LUA_TTABLE);
    lua_Unsigned n = lua_rawlen(l, 1);
    if (n < 2 || n > STAGE_MOST)
        return luaL_error(l, "a basin takes 2 to %d pairs of level and volume", STAGE_MOST);
    struct lua_basin *b = lua_newuserdatauv(l, sizeof *b, 0);
    memset(b, 0, sizeof *b);
    for (uint32_t i = 0; i < n; i++) {
        if (lua_rawgeti(l, 1, i + 1) != LUA_TTABLE)
            return luaL_error(l, "pair %d of a basin is not {level, volume}", (int)i + 1);
        lua_rawgeti(l, -1, 1);
        lua_rawgeti(l, -2, 2);
        b->stage[i] = (struct pair){luaL_checknumber(l, -2), luaL_checknumber(l, -1)};
        lua_pop(l, 3);
        if (i > 0 && (b->stage[i].x <= b->stage[i - 1].x || b->stage[i].y <= b->stage[i - 1].y))
            return luaL_error(l, "level and volume of a basin must rise from pair to pair");
    }
    b->basin = (struct water){b->stage, (uint32_t)n, b->stage[0].y};
    luaL_setmetatable(l, "basin");
    return 1;
}

static struct water *basin_of(lua_State *l)
{
    struct lua_basin *b = luaL_checkudata(l, 1, "basin");
    return &b->basin;
}

/* b:step(inflow, outflow, dt): what really went out, and over the top. */
static int basin_lua_step(lua_State *l)
{
    double left, spilled;
    basin_step(basin_of(l), luaL_checknumber(l, 2), luaL_checknumber(l, 3), luaL_checknumber(l, 4),
               &left, &spilled);
    lua_pushnumber(l, left);
    lua_pushnumber(l, spilled);
    return 2;
}

/* b:level() tells, b:level(2.5) sets. */
static int basin_lua_level(lua_State *l)
{
    struct water *b = basin_of(l);
    if (!lua_isnoneornil(l, 2))
        b->volume = basin_volume_at(b, luaL_checknumber(l, 2));
    lua_pushnumber(l, basin_level(b));
    return 1;
}

static int basin_lua_volume(lua_State *l)
{
    lua_pushnumber(l, basin_of(l)->volume);
    return 1;
}

static void too_long(lua_State *l, lua_Debug *d)
{
    (void)d;
    /* luaL_error would name the line of the caller: in a hook, the one that runs is level 0. */
    luaL_where(l, 0);
    lua_pushliteral(l, "a step that doesn't end");
    lua_concat(l, 2);
    lua_error(l);
}

static void open_words(lua_State *l)
{
    static const luaL_Reg words[] = {{"set", lua_set},
                                     {"get", lua_get},
                                     {"time", lua_time},
                                     {"noise", lua_noise},
                                     {"lag", lua_lag},
                                     {"switch", lua_switch},
                                     {"pump_flow", lua_pump_flow},
                                     {"basin", lua_basin},
                                     {NULL, NULL}};
    static const luaL_Reg verbs[] = {{"step", basin_lua_step},
                                     {"level", basin_lua_level},
                                     {"volume", basin_lua_volume},
                                     {NULL, NULL}};
    static const char *const outside[] = {"dofile", "loadfile", "load", "require", "print"};
    luaL_requiref(l, "_G", luaopen_base, 1);
    luaL_requiref(l, "math", luaopen_math, 1);
    luaL_requiref(l, "table", luaopen_table, 1);
    luaL_requiref(l, "string", luaopen_string, 1);
    lua_settop(l, 0);
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        lua_pushnil(l);
        lua_setglobal(l, outside[i]);
    }
    lua_pushglobaltable(l);
    luaL_setfuncs(l, words, 0);
    luaL_newmetatable(l, "basin");
    luaL_newlib(l, verbs);
    lua_setfield(l, -2, "__index");
    lua_settop(l, 0);
}

static int protected_open(lua_State *l)
{
    open_words(l);
    lua_newtable(l);
    me(l)->tags = luaL_ref(l, LUA_REGISTRYINDEX);
    return 0;
}

/* Calls what lies on the stack. */
static bool call(lua_State *l, int arguments, const char **why)
{
    lua_sethook(l, too_long, LUA_MASKCOUNT, STEPS_MOST);
    if (lua_pcall(l, arguments, 0, 0) == LUA_OK)
        return true;
    *why = lua_tostring(l, -1);
    if (*why == NULL)
        *why = "an error that is not a text";
    return false;
}

bool physics_step(struct physics *p, double dt, const char **why)
{
    lua_State *l = p->lua;
    lua_settop(l, 0);
    p->time += dt;
    lua_getglobal(l, "step");
    lua_pushnumber(l, dt);
    return call(l, 1, why);
}

bool physics_show(struct physics *p, const char **why)
{
    lua_settop(p->lua, 0);
    return lua_getglobal(p->lua, "show") != LUA_TFUNCTION || call(p->lua, 0, why);
}

bool physics_act(struct physics *p, const char *name, const struct value *x, const char **why)
{
    lua_State *l = p->lua;
    lua_settop(l, 0);
    if (lua_getglobal(l, "act") != LUA_TFUNCTION) {
        *why = "a story needs a function act(name, x) in the physics";
        return false;
    }
    lua_pushstring(l, name);
    if (x->kind == VALUE_BOOL)
        lua_pushboolean(l, x->truth);
    else if (x->kind == VALUE_REAL)
        lua_pushnumber(l, x->real);
    else
        lua_pushstring(l, x->text);
    return call(l, 2, why);
}

/* Lua says "FILE:LINE: what"; the place is told once, and as of any other file. */
static void complain(struct diags *ds, const char *file, const char *text)
{
    struct place at = {file, 1, 1};
    size_t n = strlen(file);
    if (text != NULL && strncmp(text, file, n) == 0 && text[n] == ':') {
        char *rest;
        unsigned long line = strtoul(text + n + 1, &rest, 10);
        if (line > 0 && *rest == ':') {
            at.line = (uint32_t)line;
            text = rest + 1 + (rest[1] == ' ');
        }
    }
    diag_add(ds, DIAG_ERROR, at, "%s", text == NULL ? "unknown error" : text);
}

static bool load(struct physics *p, const char *file, struct diags *ds)
{
    lua_State *l = p->lua;
    lua_pushcfunction(l, protected_open);
    if (lua_pcall(l, 0, 0, 0) != LUA_OK) {
        complain(ds, file, "out of memory");
        return false;
    }
    lua_sethook(l, too_long, LUA_MASKCOUNT, STEPS_MOST);
    lua_pushfstring(l, "@%s", file);
    if (luaL_loadfilex(l, file, "t") != LUA_OK || lua_pcall(l, 0, 0, 0) != LUA_OK) {
        complain(ds, file, lua_tostring(l, -1));
        return false;
    }
    if (lua_getglobal(l, "step") != LUA_TFUNCTION) {
        complain(ds, file,
                 "there is no function step(dt); write one, it is called ten times a "
                 "second");
        return false;
    }
    const char *why;
    if (!physics_step(p, 0, &why) || !physics_show(p, &why)) {
        complain(ds, file, why);
        return false;
    }
    return true;
}

struct physics *physics_new(struct world *w, const char *file, uint64_t seed, struct diags *ds)
{
    struct physics *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    *p = (struct physics){.lua = luaL_newstate(), .world = w, .seed = seed};
    if (p->lua != NULL)
        *(struct physics **)lua_getextraspace(p->lua) = p;
    if (p->lua == NULL || !load(p, file, ds)) {
        physics_free(p);
        return NULL;
    }
    return p;
}

void physics_free(struct physics *p)
{
    if (p == NULL)
        return;
    if (p->lua != NULL)
        lua_close(p->lua);
    free(p);
}
