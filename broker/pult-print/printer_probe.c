// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/printer_probe.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-print/printer_visit.h"
#include "broker/pult-print/test_page.h"

#include <stdlib.h>
#include <string.h>

struct printer_probe {
    struct loop *loop;
    struct printer_visit *visit;
    char printer[PRINTER_TEXT_SIZE]; // of a page
    struct text page;
    printer_probe_done *done;
    void *arg;
};

static void page_is_sent(void *arg, struct visit *visit)
{
    struct printer_probe *probe = arg;
    probe->done(probe->arg, NULL, ipp_line_fingerprint(visit->line), &visit->why);
}

static void printer_is_read(void *arg, struct visit *visit)
{
    struct printer_probe *probe = arg;
    bool has_facts = visit->why.kind == FAULT_NONE;
    probe->done(probe->arg, has_facts ? &visit->facts : NULL, ipp_line_fingerprint(visit->line), &visit->why);
}

// What it can do is known: now the page.
static void page_may_go(void *arg, struct visit *visit)
{
    struct printer_probe *probe = arg;
    if (visit->why.kind != FAULT_NONE) {
        printer_is_read(probe, visit);
        return;
    }
    struct visit *next = visit_new(VISIT_SEND);
    next->line = take(visit->line);
    next->facts = visit->facts;
    test_page_print(&probe->page, probe->printer, visit->facts.location, clock_wall_ms());
    next->bytes = probe->page.bytes;
    next->order.document.size = probe->page.length;
    TEXT_PUT(next->order.name, "pult-test-page");
    TEXT_PUT(next->order.format, "application/pdf");
    print_options_fit(&next->order.options, "media=iso_a4_210x297mm", &next->facts.abilities, NULL);
    struct printer_visit *over = probe->visit;
    probe->visit = printer_visit_start(probe->loop, next, page_is_sent, probe);
    printer_visit_free(over);
}

static struct printer_probe *start_probe(struct loop *loop, const struct printer_address *address,
                                         printer_visit_done *next, printer_probe_done *done, void *arg)
{
    struct printer_probe *probe = mem_new(1, sizeof *probe);
    struct visit *visit = visit_new(VISIT_READ);
    visit->line = ipp_line_new(address);
    *probe = (struct printer_probe){.loop = loop, .done = done, .arg = arg};
    probe->visit = printer_visit_start(loop, visit, next, probe);
    return probe;
}

struct printer_probe *printer_probe_new(struct loop *loop, const struct printer_address *address,
                                        printer_probe_done *done, void *arg)
{
    return start_probe(loop, address, printer_is_read, done, arg);
}

struct printer_probe *printer_probe_page(struct loop *loop, const struct printer_address *address, const char *printer,
                                         printer_probe_done *done, void *arg)
{
    struct printer_probe *probe = start_probe(loop, address, page_may_go, done, arg);
    text_cut(probe->printer, sizeof probe->printer, printer);
    return probe;
}

void printer_probe_free(struct printer_probe *probe)
{
    if (!probe)
        return;
    printer_visit_free(probe->visit);
    text_drop(&probe->page);
    free(probe);
}
