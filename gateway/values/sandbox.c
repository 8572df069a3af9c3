/* SPDX-License-Identifier: Apache-2.0 */
#include "values/sandbox.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "values/decode.h"
#include "values/number.h"

enum {
    STEPS_MAX = 10000, /* virtual machine instructions of one evaluation */
    SPEND_MAX = 256 << 10, /* bytes asked for by one evaluation, given back or not */
    COMPILE_MAX = 1 << 20, /* bytes asked for by one expression while it is compiled */
    INPUTS_MAX = 180, /* locals that Lua allows, and some room */
};

/* Counting what is asked for, not what is kept, also bounds the time that copying takes. */
struct purse {
    size_t spent, limit;
    bool open; /* nobody counts: setting up */
};

struct sandbox {
    lua_State *lua;
    struct purse purse;
    int *functions; /* references in Lua's registry */
    uint32_t count;
};

static void *spend(void *me, void *block, size_t old, size_t size)
{
    struct purse *p = me;
    if (size == 0) {
        free(block);
        return NULL;
    }
    if (!block || size > old) {
        size_t more = block ? size - old : size;
        if (!p->open && more > p->limit - p->spent)
            return NULL;
        p->spent += p->open ? 0 : more;
    }
    return realloc(block, size);
}

static void open_purse(struct purse *p, size_t limit)
{
    *p = (struct purse){.limit = limit};
}

static const char environment_key; /* its address is the key in Lua's registry */

static int refuse_write(lua_State *lua)
{
    return luaL_error(lua, "nothing can be kept between evaluations");
}

static int refuse_name(lua_State *lua)
{
    const char *name = lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : "that";
    return luaL_error(lua, "nothing is called '%s'", name);
}

static void too_long(lua_State *lua, lua_Debug *where)
{
    (void)where;
    luaL_error(lua, "takes too long");
}

/* Replaces the table on top by an empty one through which it can only be read; what is not in it
 * is an error and no nil, which would hide a misspelt name. */
static void lock_table(lua_State *lua)
{
    lua_createtable(lua, 0, 1);
    lua_pushcfunction(lua, refuse_name);
    lua_setfield(lua, -2, "__index");
    lua_setmetatable(lua, -2);
    lua_newtable(lua);
    lua_createtable(lua, 0, 3);
    lua_pushvalue(lua, -3);
    lua_setfield(lua, -2, "__index");
    lua_pushcfunction(lua, refuse_write);
    lua_setfield(lua, -2, "__newindex");
    lua_pushliteral(lua, "locked");
    lua_setfield(lua, -2, "__metatable");
    lua_setmetatable(lua, -2);
    lua_remove(lua, -2);
}

/* Pure functions only: the same inputs give the same result on every run and in every replay. */
static int furnish(lua_State *lua)
{
    static const char *const pure[] = {"abs",   "acos",      "asin", "atan", "ceil", "cos", "exp",
                                       "floor", "fmod",      "log",  "max",  "min",  "sin", "sqrt",
                                       "tan",   "tointeger", "type", "ult",  "pi",   "huge"};
    luaL_requiref(lua, LUA_MATHLIBNAME, luaopen_math, 0);
    lua_newtable(lua); /* the environment */
    lua_newtable(lua); /* its math */
    for (size_t i = 0; i < sizeof pure / sizeof *pure; i++) {
        lua_getfield(lua, 1, pure[i]);
        lua_pushvalue(lua, -1);
        lua_setfield(lua, 3, pure[i]);
        if (lua_iscfunction(lua, -1) && strcmp(pure[i], "type") != 0)
            lua_setfield(lua, 2, pure[i]);
        else
            lua_pop(lua, 1);
    }
    lock_table(lua);
    lua_setfield(lua, 2, "math");
    lock_table(lua);
    lua_rawsetp(lua, LUA_REGISTRYINDEX, &environment_key);
    return 0;
}

struct sandbox *sandbox_new(uint32_t expressions)
{
    struct sandbox *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->purse.open = true;
    s->count = expressions;
    s->functions = malloc((expressions + 1U) * sizeof *s->functions);
    s->lua = lua_newstate(spend, &s->purse);
    if (!s->functions || !s->lua) {
        sandbox_free(s);
        return NULL;
    }
    for (uint32_t i = 0; i < expressions; i++)
        s->functions[i] = LUA_NOREF;
    lua_pushcfunction(s->lua, furnish);
    if (lua_pcall(s->lua, 0, 0, 0) != LUA_OK) {
        sandbox_free(s);
        return NULL;
    }
    lua_sethook(s->lua, too_long, LUA_MASKCOUNT, STEPS_MAX);
    return s;
}

void sandbox_free(struct sandbox *s)
{
    if (!s)
        return;
    if (s->lua) {
        s->purse.open = true;
        lua_close(s->lua);
    }
    free(s->functions);
    free(s);
}

static bool is_identifier(const char *name)
{
    static const char *const words[] = {"and",   "break", "do",       "else", "elseif", "end",
                                        "false", "for",   "function", "goto", "if",     "in",
                                        "local", "nil",   "not",      "or",   "repeat", "return",
                                        "then",  "true",  "until",    "while"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(name, words[i]) == 0)
            return false;
    static const char signs[] = "0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *letters = signs + 10;
    return *name && strcspn(name, letters) == 0 && name[strspn(name, signs)] == '\0';
}

struct source {
    const struct derived *d;
    int *function;
};

static int compile(lua_State *lua)
{
    const struct source *source = lua_touserdata(lua, 1);
    const struct derived *d = source->d;
    luaL_Buffer text;
    luaL_buffinit(lua, &text);
    for (uint32_t i = 0; i < d->input_count; i++) {
        luaL_addstring(&text, i == 0 ? "local " : ",");
        luaL_addstring(&text, d->inputs[i].name);
    }
    if (d->input_count > 0)
        luaL_addstring(&text, "=... ");
    /* On a line of its own the bracket survives a comment at the end of the expression. */
    luaL_addstring(&text, "return (");
    luaL_addstring(&text, d->expression);
    luaL_addstring(&text, "\n)");
    luaL_pushresult(&text);
    size_t length;
    const char *code = lua_tolstring(lua, -1, &length);
    if (luaL_loadbufferx(lua, code, length, "=is", "t") != LUA_OK)
        return lua_error(lua);
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &environment_key);
    if (!lua_setupvalue(lua, -2, 1))
        lua_pop(lua, 1); /* an expression without any global */
    *source->function = luaL_ref(lua, LUA_REGISTRYINDEX);
    return 0;
}

/* "is:2: unexpected symbol": the words behind the place, and the line. */
static const char *without_place(const char *message, unsigned *line)
{
    char *end;
    *line = 1;
    if (strncmp(message, "is:", 3) != 0)
        return message;
    unsigned long number = strtoul(message + 3, &end, 10);
    if (end == message + 3 || strncmp(end, ": ", 2) != 0)
        return message;
    *line = (unsigned)number;
    return end + 2;
}

static const char *error_text(lua_State *lua, int status, unsigned *line)
{
    *line = 1;
    if (status == LUA_ERRMEM)
        return "needs too much memory";
    /* Not lua_tostring, which makes a text of a number and may run out of memory doing so. */
    if (lua_type(lua, -1) != LUA_TSTRING)
        return "failed";
    return without_place(lua_tostring(lua, -1), line);
}

struct job {
    int function;
    const struct value *inputs;
    uint32_t count;
    struct outcome *out;
};

static void push(lua_State *lua, const struct value *v)
{
    if (v->kind == VALUE_BOOL)
        lua_pushboolean(lua, v->truth);
    else if (v->kind == VALUE_TEXT)
        lua_pushlstring(lua, v->text, v->length);
    else if (v->kind == VALUE_NONE)
        lua_pushnil(lua);
    else
        lua_pushnumber(lua, value_number(v));
}

static const char *take(lua_State *lua, struct outcome *out)
{
    struct value *v = &out->value;
    size_t length;
    const char *text;
    double x;
    switch (lua_type(lua, -1)) {
    case LUA_TBOOLEAN:
        *v = (struct value){.kind = VALUE_BOOL, .truth = lua_toboolean(lua, -1)};
        return NULL;
    case LUA_TNUMBER:
        if (lua_isinteger(lua, -1)) {
            *v = (struct value){.kind = VALUE_INT, .i = lua_tointeger(lua, -1)};
            return NULL;
        }
        x = lua_tonumber(lua, -1);
        if (isnan(x))
            return "the result is not a number";
        if (isinf(x))
            return "the result is infinite";
        *v = value_real(x);
        return NULL;
    case LUA_TSTRING:
        text = lua_tolstring(lua, -1, &length);
        if (length > sizeof out->text || !text_is_utf8(text, length))
            return "the result is too long a text, or none";
        memcpy(out->text, text, length);
        *v = (struct value){.kind = VALUE_TEXT, .length = (uint32_t)length, .text = out->text};
        return NULL;
    case LUA_TNIL:
        return "the result is nil";
    default:
        return "the result is neither number, truth nor text";
    }
}

static int run(lua_State *lua)
{
    const struct job *job = lua_touserdata(lua, 1);
    luaL_checkstack(lua, (int)job->count + 4, NULL);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, job->function);
    for (uint32_t i = 0; i < job->count; i++)
        push(lua, &job->inputs[i]);
    lua_call(lua, (int)job->count, 1);
    const char *why = take(lua, job->out);
    if (why)
        snprintf(job->out->reason, sizeof job->out->reason, "%s", why);
    return 0;
}

void sandbox_evaluate(struct sandbox *s, uint32_t index, const struct value *inputs, uint32_t count,
                      struct outcome *out)
{
    struct job job = {
        .function = s->functions[index], .inputs = inputs, .count = count, .out = out};
    out->value = (struct value){.kind = VALUE_NONE};
    out->reason[0] = '\0';
    open_purse(&s->purse, SPEND_MAX);
    /* Setting the hook anew starts its count at zero. */
    lua_sethook(s->lua, too_long, LUA_MASKCOUNT, STEPS_MAX);
    lua_pushcfunction(s->lua, run);
    lua_pushlightuserdata(s->lua, &job);
    int status = lua_pcall(s->lua, 1, 0, 0);
    if (status != LUA_OK) {
        unsigned line;
        out->value = (struct value){.kind = VALUE_NONE};
        snprintf(out->reason, sizeof out->reason, "expression: %s",
                 error_text(s->lua, status, &line));
    }
    lua_settop(s->lua, 0);
}

/* One trial with ones finds most misspelt names before the plant runs. Other trouble may come from
 * the ones, which are no texts or truths. */
static bool try_names(struct sandbox *s, uint32_t index, const struct derived *d, struct diags *ds)
{
    struct value ones[INPUTS_MAX];
    for (uint32_t i = 0; i < d->input_count; i++)
        ones[i] = value_real(1);
    struct outcome out;
    sandbox_evaluate(s, index, ones, d->input_count, &out);
    const char *name = strstr(out.reason, "nothing is called");
    if (name)
        diag_add(ds, DIAG_ERROR, d->expression_at,
                 "the expression of %s: %s; it knows its inputs, math.* and abs, min, max, floor, "
                 "ceil, sqrt, ...",
                 d->path, name);
    return !name;
}

bool sandbox_compile(struct sandbox *s, uint32_t index, const struct derived *d, struct diags *ds)
{
    if (d->input_count > INPUTS_MAX) {
        diag_add(ds, DIAG_ERROR, d->at, "%u inputs; an expression can have %d", d->input_count,
                 (int)INPUTS_MAX);
        return false;
    }
    for (uint32_t i = 0; i < d->input_count; i++) {
        if (is_identifier(d->inputs[i].name))
            continue;
        diag_add(ds, DIAG_ERROR, d->at,
                 "an expression can't call an input `%s`; use letters, digits and _, and no word "
                 "of Lua",
                 d->inputs[i].name);
        return false;
    }
    struct source source = {.d = d, .function = &s->functions[index]};
    open_purse(&s->purse, COMPILE_MAX);
    lua_pushcfunction(s->lua, compile);
    lua_pushlightuserdata(s->lua, &source);
    int status = lua_pcall(s->lua, 1, 0, 0);
    if (status != LUA_OK) {
        unsigned line;
        const char *why = error_text(s->lua, status, &line);
        struct place at = d->expression_at;
        unsigned lines = 1;
        for (const char *c = d->expression; *c != '\0'; c++)
            lines += *c == '\n';
        if (line > lines) { /* what it stumbled over is our own closing bracket */
            why = "it ends too early";
        } else if (line > 1) {
            at.line += line - 1;
            at.column = 1;
        }
        diag_add(ds, DIAG_ERROR, at, "the expression of %s is no Lua: %s", d->path, why);
    }
    lua_settop(s->lua, 0);
    return status == LUA_OK && try_names(s, index, d, ds);
}
