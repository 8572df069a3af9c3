/* SPDX-License-Identifier: Apache-2.0 */
/* One order without a screen: found, sent, answered, printed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "cli/watch_session.h"
#include "cli/watch_told.h"

static const struct watch_told *subject_of(const struct watch *w, const struct watch_wish *wish)
{
    const struct watch_told *found = NULL;
    if (wish->ask != ASK_CONFIRM && wish->ask != ASK_BULLETIN)
        return (const struct watch_told *)watch_find(&w->alarms, wish->subject,
                                                     strlen(wish->subject));
    for (uint32_t i = 0; i < w->incidents.count; i++) {
        const struct watch_told *t = (const struct watch_told *)w->incidents.items[i];
        if (!t->item.gone && t->rank == 0 && (found == NULL || t->time.ms > found->time.ms))
            found = t;
    }
    return found;
}

static int not_found(const struct watch_session *s, const struct watch_wish *wish)
{
    const struct watch_list *l = &s->watch->alarms;
    const char **names = calloc(l->count + 1U, sizeof *names);
    const char *near = NULL;
    for (uint32_t i = 0; names != NULL && i < l->count; i++)
        names[i] = l->items[i]->path;
    if (names != NULL && *wish->subject)
        near = text_nearest(wish->subject, names, l->count);
    if (s->view.trouble != NULL)
        fprintf(stderr, "headgate: %s: %s\n", s->title, s->view.trouble);
    else if (*wish->subject)
        fprintf(stderr, "headgate: nobody has told of an alarm '%s'%s%s%s\n", wish->subject,
                near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                near != NULL ? "'?" : "");
    else
        fprintf(stderr, "headgate: no incident is open\n");
    free(names);
    return EXIT_NO;
}

static bool answered(const struct watch_talk *t)
{
    return watch_talk_due(t).ns == MONO_NEVER.ns;
}

int watch_session_order(struct watch_session *s, const struct watch_wish *wish, int64_t patience_ns)
{
    const struct watch_told *subject = NULL;
    struct watch_talk *talk = &s->view.talk;
    mono_t end = mono_add(clock_mono(), patience_ns);
    while ((subject == NULL || subject->item.gone) && mono_before(clock_mono(), end)) {
        watch_session_wait(s, -1, end);
        subject = subject_of(s->watch, wish);
    }
    if (subject == NULL || subject->item.gone)
        return not_found(s, wish);
    enum watch_page page =
        wish->ask == ASK_CONFIRM || wish->ask == ASK_BULLETIN ? WATCH_INCIDENTS : WATCH_ALARMS;
    /* Of incidents the gateway may be known only by their alarms, which come in no order. */
    while (watch_gateway_of(s->watch, page, &subject->item) == NULL &&
           mono_before(clock_mono(), end))
        watch_session_wait(s, -1, end);
    const char *gateway = watch_gateway_of(s->watch, page, &subject->item);
    s->view.wish = *wish;
    snprintf(s->view.wish.gateway, sizeof s->view.wish.gateway, "%s",
             gateway != NULL ? gateway : "");
    snprintf(s->view.wish.subject, sizeof s->view.wish.subject, "%s", subject->item.path);
    if (!wish->has_seq && page == WATCH_ALARMS) {
        s->view.wish.has_seq = true;
        s->view.wish.seq = (uint64_t)said_whole(subject->said, "seq");
    }
    watch_session_send(s);
    while (!answered(talk))
        watch_session_wait(s, -1, watch_talk_due(talk));
    fprintf(talk->done ? stdout : stderr, "%s%s\n", talk->done ? "" : "headgate: ", talk->status);
    return talk->done ? EXIT_DONE : EXIT_NO;
}
