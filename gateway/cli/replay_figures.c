/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "base/calendar.h"
#include "cli/replay.h"
#include "publish/member.h"

bool replay_figures_init(struct replay_figures *f, const struct plant *p)
{
    *f = (struct replay_figures){.plant = p};
    f->leaks = calloc((size_t)p->leak_count + 1, sizeof *f->leaks);
    f->alarms = calloc((size_t)p->alarm_count + 1, sizeof *f->alarms);
    return f->leaks && f->alarms;
}

void replay_figures_fini(struct replay_figures *f)
{
    free(f->leaks);
    free(f->alarms);
}

void replay_truth(struct replay_figures *f, double truth, int64_t t_ms)
{
    f->first_ms = f->rows == 0 ? t_ms : f->first_ms;
    f->last_ms = t_ms;
    f->rows++;
    for (uint32_t i = 0; i < f->plant->leak_count; i++)
        score_time(&f->leaks[i], truth, t_ms);
}

void replay_count(struct replay_figures *f, uint32_t alarm, enum alarm_change what, int64_t t_ms)
{
    if (what != ALARM_DID_ON)
        return;
    f->alarms[alarm]++;
    if (f->plant->alarms[alarm].origin == ALARM_LEAK)
        score_alarm(&f->leaks[f->plant->alarms[alarm].origin_index], t_ms);
}

static void put_leak(struct json *j, const char *name, const struct score *s)
{
    json_word(j, "{\"leak\":");
    json_string(j, name);
    put_int(j, "alarms", s->alarms);
    if (s->truth_known) {
        put_int(j, "false_alarms", s->false_alarms);
        put_real(j, "false_per_30d", score_false_per_30d(s));
        put_int(j, "true_leaks", s->episodes);
        put_int(j, "found", s->found);
        put_real(j, "median_delay_h", score_median_delay_h(s));
        put_real(j, "longest_delay_h", s->found ? s->delay_max_h : (double)NAN);
        put_real(j, "hours_leaking", s->leak_h);
        put_real(j, "hours_sound", s->clean_h);
    }
    json_word(j, "}");
}

static void say(const struct replay_figures *f, const struct plant *p, struct warden *w)
{
    for (uint32_t i = 0; i < p->leak_count; i++) {
        const struct score *s = &f->leaks[i];
        struct leak_view v;
        warden_leak(w, i, &v);
        fprintf(stderr, "leak %s: %u alarms", p->leaks[i].name, s->alarms);
        if (s->truth_known)
            fprintf(stderr, ", %u false (%.2f in 30 days); %u of %u true leaks found",
                    s->false_alarms, score_false_per_30d(s), s->found, s->episodes);
        if (s->found)
            fprintf(stderr, ", after %.2f h (median), %.2f h at most", score_median_delay_h(s),
                    s->delay_max_h);
        if (v.state == LEAK_LEARNING)
            fprintf(stderr, "; still learning, %.0f h left", v.learning_left_h);
        if (v.state == LEAK_BLIND)
            fprintf(stderr, "; blind at the end: %s", v.why);
        fputc('\n', stderr);
    }
    uint32_t others = 0;
    for (uint32_t i = 0; i < p->alarm_count; i++)
        others += p->alarms[i].origin == ALARM_LEAK ? 0 : f->alarms[i];
    fprintf(stderr, "other alarms: %u; events: %llu\n", others, (unsigned long long)f->events);
}

void replay_summary(const struct replay_figures *f, const struct plant *p, struct warden *w,
                    double seconds)
{
    char *buffer = malloc(256 * 1024);
    if (!buffer)
        return;
    struct json j = json_into(buffer, 256 * 1024);
    json_word(&j, "{\"type\":\"summary\"");
    put_int(&j, "timestamp", f->last_ms);
    put_int(&j, "rows", (int64_t)f->rows);
    put_int(&j, "samples", (int64_t)f->samples);
    put_int(&j, "events", (int64_t)f->events);
    put_real(&j, "days", (double)(f->last_ms - f->first_ms) / 86400000.0);
    put_real(&j, "seconds", seconds);
    put_real(&j, "samples_per_s", seconds > 0 ? (double)f->samples / seconds : (double)NAN);
    json_word(&j, ",\"leaks\":[");
    for (uint32_t i = 0; i < p->leak_count; i++) {
        if (i > 0)
            json_word(&j, ",");
        put_leak(&j, p->leaks[i].name, &f->leaks[i]);
    }
    json_word(&j, "],\"alarms\":{");
    bool first = true;
    for (uint32_t i = 0; i < p->alarm_count; i++) {
        if (f->alarms[i] == 0)
            continue;
        if (!first)
            json_word(&j, ",");
        first = false;
        json_string(&j, p->alarms[i].path);
        json_word(&j, ":");
        json_int(&j, f->alarms[i]);
    }
    json_word(&j, "}}");
    if (!j.overflow)
        printf("%.*s\n", (int)json_length(&j), buffer);
    free(buffer);
    fflush(stdout);
    fprintf(stderr, "%llu samples of %.1f days in %.2f s: %.0f samples a second\n",
            (unsigned long long)f->samples, (double)(f->last_ms - f->first_ms) / 86400000.0,
            seconds, seconds > 0 ? (double)f->samples / seconds : 0.0);
    say(f, p, w);
}

void replay_trace_head(FILE *out)
{
    fputs("timestamp,leak,state,firing,score,limit,value,rate,rate_low,rate_high,lost,"
          "unaccounted_24h,baseline,sigma,truth\n",
          out);
}

static void cell(FILE *out, double x)
{
    if (isfinite(x))
        fprintf(out, ",%.7g", x);
    else
        fputc(',', out);
}

void replay_trace(FILE *out, const struct plant *p, const struct warden *w,
                  const struct samples_row *row)
{
    static const char *const states[] = {[LEAK_LEARNING] = "learning",
                                         [LEAK_LIVE] = "live",
                                         [LEAK_SUSPECT] = "suspect",
                                         [LEAK_BLIND] = "blind"};
    for (uint32_t i = 0; i < p->leak_count; i++) {
        struct leak_view v;
        warden_leak(w, i, &v);
        fprintf(out, "%lld,%s,%s,%d", (long long)row->t_ms, p->leaks[i].name, states[v.state],
                v.firing);
        const double cells[] = {v.score,    v.limit,     v.value,      v.rate.value,
                                v.rate.low, v.rate.high, v.lost.value, v.unaccounted_24h,
                                v.baseline, v.sigma,     row->truth};
        for (size_t k = 0; k < sizeof cells / sizeof *cells; k++)
            cell(out, cells[k]);
        fputc('\n', out);
    }
}
