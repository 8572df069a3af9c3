/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/signal.h"

#include <math.h>
#include <string.h>

#include "watch/kind.h"

static const int64_t stale_least_ms = 2000; /* below that, a busy line looks like a dead one */
static const int64_t cross_ms = 2 * KIND_MINUTE;
static const int64_t stuck_default_ms = 30 * KIND_MINUTE;
/* A value that never turns back and of which no flow says that it should move may stand for so many
 * times stuck_ms: a night's rest, or a sensor that nobody can tell from one. */
static const int64_t stuck_patience = 16, calm_patience = 4;
enum { returning = 3 };
static const double dead_share = 0.02, ghost_share = 0.05;
/* No quantity of a plant is so large in the units of roles; sums of such would drown everything. */
static const double absurd = 1e15;
static const double level_jump_m = 0.03;
/* A jump is measured from the median of the newest readings, which is two readings older. */
static const double median_lags = 3;
/* What pumps lift says little of what a flood brings, and the flood is what a sump is watched for.
 */
static const double flood_times = 2.5;
static const double restless_enough = 0.1;
/* So unlikely (e^-25) is a stand that is taken for a fault early, and so many readings it takes. */
static const double unlikely = 25;
static const uint32_t early_least = 10, surely_least = 4;
static const double restless_memory = 1.0 / 64;
static const double expected_resolutions = 3, surely_resolutions = 8;
static const double resolution_unknown_m = 0.001;

/* The largest move that the plant's own flows could make, m/h: everything that may flow at once,
 * over the smallest surface. 0: unknown. */
static double rate_max(const struct leak_rule *leak)
{
    double flow = 0, area = HUGE_VAL;
    for (uint32_t i = 0; i < leak->input_count; i++) {
        uint8_t role = leak->inputs[i].role;
        if (role == ROLE_IN || role == ROLE_OUT || role == ROLE_PUMP)
            flow += leak->inputs[i].nominal > 0 ? leak->inputs[i].nominal : leak->nominal;
    }
    for (uint32_t i = 1; i < leak->stage_count; i++) {
        double a =
            (leak->stage[i].y - leak->stage[i - 1].y) / (leak->stage[i].x - leak->stage[i - 1].x);
        area = a < area ? a : area;
    }
    flow = fmax(flow, isfinite(leak->nominal) ? leak->nominal : 0);
    if (leak->kind == LEAK_SUMP)
        flow *= flood_times;
    return area > 0 && isfinite(area) && isfinite(flow) ? flow / area : 0;
}

/* For limit, roc, shift, switch and weir a jump is what they look for: they hold nothing out unless
 * somebody says how far their value can jump. */
static double max_jump_of(const struct leak_rule *leak, const struct leak_input *input,
                          int64_t every_ms)
{
    bool level = input->role == ROLE_LEVEL;
    if (input->digital || (!level && input->role != ROLE_VALUE && input->role != ROLE_HEAD))
        return 0;
    if (leak->max_jump > 0)
        return leak->max_jump;
    return level ? fmax(level_jump_m,
                        median_lags * rate_max(leak) * (double)every_ms / (double)KIND_HOUR)
                 : 0;
}

struct signal_rule signal_rule_of(const struct leak_rule *leak, const struct leak_input *input,
                                  int64_t every_ms)
{
    struct signal_rule r = {.analogue = !input->digital,
                            .level = input->role == ROLE_LEVEL,
                            .every_ms = every_ms > 0 ? every_ms : KIND_MINUTE};
    r.stale_ms = r.every_ms > INT64_MAX / 8 ? INT64_MAX / 8 : 3 * r.every_ms;
    if (r.stale_ms < stale_least_ms)
        r.stale_ms = stale_least_ms;
    r.max_jump = max_jump_of(leak, input, r.every_ms);
    /* Flows, rain and heads stand at zero for days, and mean it. What a person asks for holds for
     * the quantity that the point is about. */
    bool watched = r.analogue && (r.level || input->role == ROLE_VALUE || input->role == ROLE_HEAD);
    if (watched && leak->stuck_ms > 0) {
        r.stuck_ms = leak->stuck_ms;
        r.stuck_plain = true;
    } else if (r.level && r.analogue && leak->stuck_ms == 0) {
        r.stuck_ms = stuck_default_ms;
    }
    /* Ten readings at least, or a slow tag would be stuck by its second one. */
    if (r.stuck_ms > 0 && !r.stuck_plain && r.stuck_ms / 10 < r.every_ms)
        r.stuck_ms = 10 * r.every_ms;
    if ((input->role == ROLE_IN || input->role == ROLE_OUT) && input->partner >= 0)
        r.nominal = input->nominal > 0 ? input->nominal : fmax(leak->nominal, 0);
    return r;
}

void signal_init(struct signal *s, int64_t now_ms)
{
    memset(s, 0, sizeof *s);
    s->began_ms = s->heard_ms = s->good_ms = s->accepted_ms = now_ms;
    s->unchanged_since_ms = s->cross_since_ms = s->fault_since_ms = now_ms;
    s->usual_run = 8;
}

static void enter(struct signal *s, uint8_t fault, int64_t t_ms)
{
    if (s->fault == fault)
        return;
    s->fault = fault;
    s->fault_since_ms = t_ms;
    s->moved_count = 0;
}

static double median(const double *x, uint32_t n)
{
    double sorted[SIGNAL_OUTLIERS];
    memcpy(sorted, x, n * sizeof *x);
    return kind_median(sorted, n);
}

static void push(double *x, uint8_t *count, uint8_t room, double value)
{
    if (*count == room)
        memmove(x, x + 1, (size_t)(room - 1) * sizeof *x);
    else
        ++*count;
    x[*count - 1] = value;
}

/* Ten readings that stand together, or that run one way, are where the plant is now. Ten that
 * contradict each other are a sick instrument. */
static bool outliers_agree(const struct signal *s, double max_jump)
{
    const double *x = s->outliers;
    bool up = true, down = true;
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (int i = 1; i < SIGNAL_OUTLIERS; i++) {
        up = up && x[i] >= x[i - 1];
        down = down && x[i] <= x[i - 1];
    }
    for (int i = SIGNAL_OUTLIERS - SIGNAL_RECENT; i < SIGNAL_OUTLIERS; i++) {
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
    }
    return up || down || high - low <= 2 * max_jump;
}

static bool newest_agree(const struct signal *s, int n, double max_jump)
{
    double low = HUGE_VAL, high = -HUGE_VAL;
    if (s->outlier_count < n)
        return false;
    for (int i = s->outlier_count - n; i < s->outlier_count; i++) {
        low = fmin(low, s->outliers[i]);
        high = fmax(high, s->outliers[i]);
    }
    return high - low <= max_jump;
}

/* Spikes are measured against what was heard last. After a silence the plant may have gone as far
 * as it can go in that time: three readings that agree are believed then, and are no step. */
static enum signal_verdict judge_jump(struct signal *s, const struct signal_rule *r, double x,
                                      int64_t silent_ms, int64_t t_ms)
{
    if (!(r->max_jump > 0) || s->recent_count == 0)
        return SIGNAL_TAKE;
    if (silent_ms > r->stale_ms) {
        s->leeway = r->max_jump * (double)silent_ms / (double)r->stale_ms;
        s->drift = 0;
    }
    /* A tank that fills may come back to where it stood before its transmitter was set anew. */
    double jump = fabs(x - s->drift - median(s->recent, s->recent_count));
    if (jump <= r->max_jump)
        return SIGNAL_TAKE;
    push(s->outliers, &s->outlier_count, SIGNAL_OUTLIERS, x);
    if (jump <= s->leeway && newest_agree(s, returning, r->max_jump)) {
        s->recent_count = 0;
        return SIGNAL_TAKE;
    }
    if (s->outlier_count < SIGNAL_OUTLIERS) {
        if (s->fault == SIGNAL_FINE)
            return SIGNAL_HOLD;
        if (s->outlier_count > returning) /* heard again, but not believed yet */
            enter(s, SIGNAL_SPIKE, t_ms);
        return SIGNAL_REFUSE;
    }
    if (outliers_agree(s, r->max_jump)) {
        s->recent_count = 0;
        for (int i = SIGNAL_OUTLIERS - SIGNAL_RECENT; i < SIGNAL_OUTLIERS; i++)
            push(s->recent, &s->recent_count, SIGNAL_RECENT, s->outliers[i]);
        return SIGNAL_STEP;
    }
    enter(s, SIGNAL_SPIKE, t_ms);
    return SIGNAL_REFUSE;
}

static void note_move(struct signal *s, double x, int64_t t_ms)
{
    double move = x - s->unchanged_value;
    int8_t way = move > 0 ? 1 : -1;
    bool turned = s->way != 0 && way != s->way;
    s->restless += ((turned ? 1.0 : 0.0) - s->restless) * restless_memory;
    s->way = way;
    s->usual_run += (fmin(s->run + 1.0, 2 * s->usual_run + 8) - s->usual_run) * restless_memory;
    s->run = 0;
    if (!(s->resolution > 0) || fabs(move) < s->resolution)
        s->resolution = fabs(move);
    s->unchanged_value = x;
    s->unchanged_since_ms = t_ms;
    s->expected = s->rest_share = s->informed = 0;
}

/* A level that trembles all the time, and stands so long that chance can't explain it: its noise
 * has gone. That shows long before half an hour has passed. */
static bool noise_has_gone(const struct signal *s, bool resting)
{
    double move = fmin(1 / fmax(s->usual_run, 1), 0.9); /* chance that a reading moves */
    return s->restless > restless_enough && !resting && s->run >= early_least &&
           -(double)s->run * log1p(-move) > unlikely;
}

/* Is it stuck, having stood at x until now? A tank at rest may stand for a night: by itself,
 * standing still proves nothing. It does when the flows say that the level should have moved, or
 * when noise, which was there before, has gone though water is flowing. */
static bool stands_too_long(const struct signal *s, const struct signal_rule *r, int64_t t_ms)
{
    int64_t stood = t_ms - s->unchanged_since_ms;
    bool resting = s->rest_share > 0.5 * (double)stood;
    /* Noise goes too when nothing stirs the water, which only the flows can tell. */
    bool informed = s->informed > 0.5 * (double)stood;
    if (!r->stuck_plain && informed && noise_has_gone(s, resting))
        return true;
    double resolution = s->resolution > 0 ? s->resolution : resolution_unknown_m;
    /* A transmitter that tells news only now and then is known by its usual run. */
    if (!r->stuck_plain && s->run >= surely_least && s->run > 3 * s->usual_run &&
        fabs(s->expected) > surely_resolutions * resolution)
        return true;
    if (stood < r->stuck_ms)
        return false;
    return r->stuck_plain || fabs(s->expected) > expected_resolutions * resolution ||
           (s->restless > restless_enough && !resting &&
            (informed || stood / calm_patience >= r->stuck_ms)) ||
           (!resting && stood / stuck_patience >= r->stuck_ms);
}

/* A stuck one has to move thrice in a row before it is believed: one spike of a dead transmitter is
 * not a sign of life. */
static enum signal_verdict judge_stuck(struct signal *s, const struct signal_rule *r, double x,
                                       int64_t t_ms)
{
    bool moved = x < s->unchanged_value || x > s->unchanged_value;
    if (s->fault == SIGNAL_STUCK) {
        s->moved_count = moved ? (uint8_t)(s->moved_count + 1) : 0;
        if (s->moved_count < 3)
            return SIGNAL_REFUSE;
        note_move(s, x, t_ms);
        s->recent_count = s->outlier_count = 0;
        enter(s, SIGNAL_FINE, t_ms);
        return SIGNAL_TAKE;
    }
    if (!s->known || moved) {
        if (s->known)
            note_move(s, x, t_ms);
        s->unchanged_value = x;
        s->unchanged_since_ms = t_ms;
    } else {
        s->run++;
        if (stands_too_long(s, r, t_ms)) {
            enter(s, SIGNAL_STUCK, t_ms);
            return SIGNAL_REFUSE;
        }
    }
    return SIGNAL_TAKE;
}

/* A meter against its pump. Two minutes of contradiction make a fault; two minutes of agreement
 * that prove something end it: for a meter that was dead, only flow does. */
static enum signal_verdict judge_cross(struct signal *s, const struct signal_rule *r, double x,
                                       int running, int64_t t_ms)
{
    if (!(r->nominal > 0))
        return SIGNAL_TAKE;
    bool faulty = s->fault == SIGNAL_DEAD || s->fault == SIGNAL_GHOST;
    uint8_t seen = SIGNAL_FINE;
    if (running == 1 && x < dead_share * r->nominal)
        seen = SIGNAL_DEAD;
    else if (running == 0 && fabs(x) > ghost_share * r->nominal)
        seen = SIGNAL_GHOST;
    if (faulty) {
        bool proof =
            seen == SIGNAL_FINE && running >= 0 && (s->fault == SIGNAL_GHOST || running == 1);
        if (!proof)
            s->cross_since_ms = t_ms;
        else if (t_ms - s->cross_since_ms >= cross_ms) {
            enter(s, SIGNAL_FINE, t_ms);
            s->cross = SIGNAL_FINE;
        }
        return s->fault == SIGNAL_FINE ? SIGNAL_TAKE : SIGNAL_REFUSE;
    }
    if (seen != s->cross) {
        s->cross = seen;
        s->cross_since_ms = t_ms;
    }
    if (seen == SIGNAL_FINE || t_ms - s->cross_since_ms < cross_ms)
        return SIGNAL_TAKE;
    enter(s, seen, t_ms);
    s->cross_since_ms = t_ms;
    return SIGNAL_REFUSE;
}

static enum signal_verdict no_value(struct signal *s, const struct signal_rule *r, int64_t t_ms)
{
    bool own = s->fault == SIGNAL_STUCK || s->fault == SIGNAL_DEAD || s->fault == SIGNAL_GHOST ||
               s->fault == SIGNAL_SPIKE;
    if (own || s->fault == SIGNAL_BAD)
        return SIGNAL_REFUSE;
    if (s->fault == SIGNAL_FINE && t_ms - s->good_ms < r->stale_ms)
        return SIGNAL_HOLD;
    enter(s, SIGNAL_BAD, t_ms);
    return SIGNAL_REFUSE;
}

static void accept(struct signal *s, double x, int64_t t_ms)
{
    s->outlier_count = 0;
    s->leeway = s->drift = 0;
    push(s->recent, &s->recent_count, SIGNAL_RECENT, x);
    s->last = x;
    s->accepted_ms = t_ms;
    s->known = true;
}

enum signal_verdict signal_offer(struct signal *s, const struct signal_rule *r, double x,
                                 int running, int64_t t_ms, double *out)
{
    int64_t silent = t_ms - (s->known ? s->good_ms : t_ms);
    s->heard = true;
    s->heard_ms = t_ms;
    if (!(fabs(x) < absurd))
        return no_value(s, r, t_ms);
    s->good_ms = t_ms;
    enum signal_verdict v = SIGNAL_TAKE;
    if (r->stuck_ms > 0)
        v = judge_stuck(s, r, x, t_ms);
    if (v == SIGNAL_TAKE)
        v = judge_cross(s, r, x, running, t_ms);
    if (v == SIGNAL_TAKE)
        v = judge_jump(s, r, x, silent, t_ms);
    if (v != SIGNAL_TAKE && v != SIGNAL_STEP)
        return v;
    enter(s, SIGNAL_FINE, t_ms);
    accept(s, x, t_ms);
    *out = x;
    return v;
}

void signal_expect(struct signal *s, double metres, bool rest, int64_t elapsed_ms)
{
    if (isfinite(metres)) {
        s->expected += metres;
        s->drift += metres;
    }
    s->informed += (double)elapsed_ms;
    if (rest)
        s->rest_share += (double)elapsed_ms;
}

bool signal_tick(struct signal *s, const struct signal_rule *r, int64_t now_ms)
{
    uint8_t before = s->fault;
    if (s->fault == SIGNAL_FINE && now_ms - s->good_ms >= r->stale_ms) {
        bool silent = !s->heard || now_ms - s->heard_ms >= r->stale_ms;
        enter(s, silent && s->heard ? SIGNAL_STALE : SIGNAL_BAD, now_ms);
    }
    return s->fault != before;
}

int64_t signal_due(const struct signal *s, const struct signal_rule *r)
{
    return s->fault == SIGNAL_FINE ? s->good_ms + r->stale_ms : INT64_MAX;
}

bool signal_fit(const struct signal *s)
{
    return s->known && s->fault == SIGNAL_FINE;
}

const char *signal_words(enum signal_fault f)
{
    switch (f) {
    case SIGNAL_FINE:
        return "fine";
    case SIGNAL_BAD:
        return "bad: no good value comes";
    case SIGNAL_STALE:
        return "stale: nothing heard for three periods";
    case SIGNAL_SPIKE:
        return "erratic: jumps about further than it can";
    case SIGNAL_STUCK:
        return "stuck: stands though it should have moved";
    case SIGNAL_DEAD:
        return "dead: no flow though its pump runs";
    case SIGNAL_GHOST:
        return "ghost: flow though its pump stands";
    }
    return "fine";
}
