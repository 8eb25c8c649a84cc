// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/printer_watch.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-print/printer_probe.h"

#include <stdlib.h>

enum { LOOK_MS = 10 * 1000, TROUBLE_MS = 3000 };

struct printer_watch {
    struct loop *loop;
    const struct printer_address *address;
    printer_watch_told *told;
    void *arg;
    enum printer_state state;
    char detail[PRINTER_DETAIL_SIZE];
    bool has_document;
    struct printer_probe *probe; // NULL: it is not asked just now
    struct loop_timer *timer;
};

void printer_watch_note(struct printer_watch *watch, enum printer_state state, const char *detail)
{
    if (watch->state == state && text_equal(watch->detail, detail))
        return;
    watch->state = state;
    text_cut(watch->detail, sizeof watch->detail, detail);
    watch->told(watch->arg, state, watch->detail);
}

enum printer_state printer_watch_state(const struct printer_watch *watch)
{
    return watch->state;
}

static bool is_in_trouble(const struct printer_watch *watch)
{
    return watch->state == PRINTER_UNREACHABLE || watch->state == PRINTER_STOPPED;
}

static void printer_is_seen(void *arg, const struct printer_facts *facts, const char *fingerprint,
                            const struct fault *why)
{
    struct printer_watch *watch = arg;
    struct printer_probe *over = take(watch->probe);
    (void)fingerprint;
    // Before it is told: that may bring the next job.
    loop_timer_start(watch->timer, LOOK_MS);
    if (facts)
        printer_watch_note(watch, facts->state, facts->detail);
    else if (!watch->has_document)
        printer_watch_note(watch, PRINTER_UNREACHABLE, why->text);
    if (!watch->has_document && !is_in_trouble(watch))
        loop_timer_stop(watch->timer);
    printer_probe_free(over);
}

static void look_at_printer(void *arg)
{
    struct printer_watch *watch = arg;
    if (!watch->probe)
        watch->probe = printer_probe_new(watch->loop, watch->address, printer_is_seen, watch);
}

void printer_watch_document(struct printer_watch *watch)
{
    watch->has_document = true;
    loop_timer_start(watch->timer, LOOK_MS);
}

void printer_watch_trouble(struct printer_watch *watch)
{
    if (is_in_trouble(watch))
        loop_timer_start(watch->timer, TROUBLE_MS);
}

void printer_watch_stop(struct printer_watch *watch)
{
    watch->has_document = false;
    loop_timer_stop(watch->timer);
    printer_probe_free(take(watch->probe));
}

struct printer_watch *printer_watch_new(struct loop *loop, const struct printer_address *address,
                                        printer_watch_told *told, void *arg)
{
    struct printer_watch *watch = mem_new(1, sizeof *watch);
    *watch = (struct printer_watch){.loop = loop, .address = address, .told = told, .arg = arg};
    watch->timer = loop_timer_new(loop, look_at_printer, watch);
    return watch;
}

void printer_watch_free(struct printer_watch *watch)
{
    if (!watch)
        return;
    printer_watch_stop(watch);
    loop_timer_free(watch->timer);
    free(watch);
}
