/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/sim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "sim/generic.h"
#include "sim/physics.h"

#define TICK_NS (100 * NS_PER_MS)
#define STORY_TICK_NS (20 * NS_PER_MS) /* its minutes are milliseconds */

/* A long step would jump over a sump that fills and empties in a minute. */
static const double step_most = 1.0;
enum { STEPS_PER_TICK = 400 };

struct sim {
    struct arena *arena;
    struct world *world;
    struct generic *generic;
    struct physics *physics; /* NULL: none */
    struct server *server;
    double speed, time;
    mono_t next;
    const struct story *story; /* NULL: none */
    uint32_t act; /* the next of it */
    double lead; /* story time at the start */
    mono_t begun;
};

/* "physics.lua" in the plant file's folder; NULL when nobody wrote one. */
static const char *physics_beside(struct arena *a, const char *plant_file)
{
    const char *slash = strrchr(plant_file, '/');
    int folder = slash == NULL ? 0 : (int)(slash - plant_file) + 1;
    const char *file = arena_printf(a, "%.*sphysics.lua", folder, plant_file);
    return file != NULL && access(file, R_OK) == 0 ? file : NULL;
}

static bool build(struct sim *s, struct loop *loop, const struct plant *plant,
                  const struct sim_setup *setup, struct diags *ds)
{
    struct image *image = image_new(s->arena, plant);
    s->world = image == NULL ? NULL : world_new(s->arena, plant, image);
    s->generic = s->world == NULL ? NULL : generic_new(s->arena, s->world, setup->seed);
    if (s->generic == NULL) {
        log_error("out of memory");
        return false;
    }
    const char *file =
        setup->physics != NULL ? setup->physics : physics_beside(s->arena, plant->file);
    /* Before the physics, whose first step owns and overrides; and after, for what it left. */
    generic_start(s->generic);
    if (file != NULL) {
        s->physics = physics_new(s->world, file, setup->seed, ds);
        if (s->physics == NULL)
            return false;
    }
    s->server = server_new(loop, plant, image, &setup->server);
    return s->server != NULL;
}

struct sim *sim_new(struct loop *loop, const struct plant *plant, const struct sim_setup *setup,
                    mono_t now, struct diags *ds)
{
    struct sim *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    *s = (struct sim){.arena = arena_new(0),
                      .speed = setup->speed,
                      .next = mono_add(now, TICK_NS),
                      .story = setup->story,
                      .lead = setup->story_time,
                      .begun = now};
    if (s->arena == NULL || !build(s, loop, plant, setup, ds)) {
        sim_free(s);
        return NULL;
    }
    return s;
}

void sim_free(struct sim *s)
{
    if (s == NULL)
        return;
    server_free(s->server);
    physics_free(s->physics);
    arena_free(s->arena);
    free(s);
}

static bool move(struct sim *s, double seconds)
{
    const char *why;
    s->time += seconds;
    if (s->physics == NULL || physics_step(s->physics, seconds, &why))
        return true;
    log_error("physics: %s", why);
    return false;
}

static bool show(struct sim *s)
{
    const char *why;
    if (s->physics == NULL || physics_show(s->physics, &why))
        return true;
    log_error("physics: %s", why);
    return false;
}

/* What the story says for now and before. */
static bool act(struct sim *s)
{
    const char *why;
    for (; s->story != NULL && s->act < s->story->count; s->act++) {
        const struct story_act *a = &s->story->acts[s->act];
        if ((double)(a->t_ms - s->story->begin_ms) / 1000 > s->time)
            return true;
        if (s->physics == NULL)
            continue;
        if (!physics_act(s->physics, a->name, &a->value, &why)) {
            log_error("physics: %s: %s", a->name, why);
            return false;
        }
    }
    return true;
}

static bool advance(struct sim *s, double seconds)
{
    double most = s->speed > 1000 ? step_most * s->speed / 1000 : step_most;
    double n = fmin(fmax(ceil(seconds / most), 1), STEPS_PER_TICK);
    double step = fmin(seconds / n, s->story != NULL ? most : seconds);
    bool good = act(s);
    for (int i = 0; good && i < (int)n; i++)
        good = move(s, step) && act(s);
    good = good && show(s);
    generic_turn(s->generic, s->time);
    return good;
}

/* In a story every second happens: a stall is made up for, a bounded piece at each tick. */
static double due(const struct sim *s, mono_t now)
{
    if (s->story == NULL)
        return (double)TICK_NS / (double)NS_PER_S * s->speed;
    double passed = (double)mono_since(now, s->begun) / (double)NS_PER_S;
    return fmax(s->lead + passed * s->speed - s->time, 0);
}

bool sim_run(struct sim *s, mono_t now, mono_t *next)
{
    bool good = true;
    if (!mono_before(now, s->next)) {
        /* After a stall the plant goes on from where it stood. */
        int64_t late = mono_since(now, s->next);
        s->next =
            mono_add(late > NS_PER_S ? now : s->next, s->story != NULL ? STORY_TICK_NS : TICK_NS);
        good = advance(s, due(s, now));
        server_tick(s->server);
    }
    *next = s->next;
    return good;
}

const struct server *sim_server(const struct sim *s)
{
    return s->server;
}

struct world *sim_world(struct sim *s)
{
    return s->world;
}

double sim_time(const struct sim *s)
{
    return s->time;
}
