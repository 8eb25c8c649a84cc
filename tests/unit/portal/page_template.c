// SPDX-License-Identifier: EUPL-1.2
// Pages: what is filled in, how it is escaped where it stands, and what of a page is refused before anybody sees it.
#include "broker/portal/page_template.h"
#include "broker/base/mem.h"
#include "broker/portal/html_context.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct desktop {
    char id[ID_SIZE];
    char name[NAME_SIZE];
    int64_t state;
    int64_t since_ms;
};

struct visitor {
    char name[NAME_SIZE];
    char password[NAME_SIZE];
    bool is_here;
    int64_t jobs;
    struct desktop last;
    struct record_list desktops;
};

#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)

static const char *const states[] = {"free", "open", NULL};

// A row a line.
// clang-format off
static const struct field desktop_fields[] = {
    {.name = "id", .type = FIELD_ID, AT(desktop, id), .refers = NOUN_PROFILE, .sentence = "which"},
    {.name = "name", .type = FIELD_TEXT, AT(desktop, name), .sentence = "its name"},
    {.name = "state", .type = FIELD_CHOICE, AT(desktop, state), .choices = states, .sentence = "whether it is open"},
    {.name = "since", .type = FIELD_TIME, AT(desktop, since_ms), .sentence = "since when"},
    {.name = NULL},
};
static const struct record_type desktop_type = {"desktop", desktop_fields, sizeof(struct desktop)};

static const struct field visitor_fields[] = {
    {.name = "name", .type = FIELD_TEXT, AT(visitor, name), .sentence = "who"},
    {.name = "password", .type = FIELD_TEXT, AT(visitor, password), .flags = FIELD_SECRET, .sentence = "never shown"},
    {.name = "is_here", .type = FIELD_FLAG, AT(visitor, is_here), .sentence = "whether"},
    {.name = "jobs", .type = FIELD_NUMBER, AT(visitor, jobs), .max = 100, .sentence = "how many"},
    {.name = "last", .type = FIELD_RECORD, AT(visitor, last), .record = &desktop_type, .sentence = "the last one"},
    {.name = "desktops", .type = FIELD_RECORDS, AT(visitor, desktops), .max = 10, .record = &desktop_type, .sentence = "all"},
    {.name = NULL},
};
// clang-format on
static const struct record_type visitor_type = {"visitor", visitor_fields, sizeof(struct visitor)};

// ---- a source with German

static const char *page_text;

static const char *file(void *arg, const char *name)
{
    (void)arg;
    static const struct {
        const char *name, *text;
    } rows[] = {
        {"head", "<title>{{name}}</title>"},
        {"itself", "{{> itself}}"},
        {"half", "{{#is_here}}"},
        {"wrong", "\n\n{{nobody}}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(name, rows[i].name) == 0)
            return rows[i].text;
    return strcmp(name, "page") == 0 ? page_text : NULL;
}

static const char *sentence(void *arg, const char *english)
{
    (void)arg;
    static const char *const rows[][2] = {
        {"Desktops & more", "Desktops & \"mehr\""},
        {"%s has %s jobs.", "%2$s Aufträge hat %1$s."},
        {"%s waits.", "Es wartet."},
        {"Nobody waits.", "%s wartet."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(english, rows[i][0]) == 0)
            return rows[i][1];
    return english;
}

static void print_time(char text[PAGE_TIME_SIZE], int64_t wall_ms)
{
    snprintf(text, PAGE_TIME_SIZE, "<%lld>", (long long)wall_ms);
}

static const struct page_source source = {.file = file, .sentence = sentence, .time = print_time};
static struct fault why;

static struct page_template *read_page(const char *text)
{
    page_text = text;
    why = (struct fault){0};
    return page_template_read(&source, "page", &visitor_type, &why);
}

static void assert_page(const char *text, const struct visitor *visitor, const char *expected)
{
    struct text page = {0};
    struct page_template *pattern = read_page(text);
    cr_assert(pattern, "%s: %s", text, why.text);
    cr_assert(page_template_write(pattern, visitor, &page));
    cr_expect_str_eq(page.bytes ? page.bytes : "", expected);
    page_template_free(pattern);
    text_drop(&page);
}

static void assert_refused(const char *text, const char *said)
{
    struct page_template *pattern = read_page(text);
    cr_expect_null(pattern, "%s", text);
    cr_expect(strstr(why.text, said), "%s: %s", text, why.text);
    page_template_free(pattern);
}

static void add_desktop(struct visitor *visitor, const char *id, const char *name, int64_t state)
{
    struct desktop *desktop = record_add(&visitor->desktops, &desktop_type);
    TEXT_PUT(desktop->id, id);
    TEXT_PUT(desktop->name, name);
    desktop->state = state;
}

#define HOSTILE "<b>\"'&"
#define HOSTILE_ESCAPED "&lt;b&gt;&quot;&#39;&amp;"

// ---- values

Test(page_template, values_are_escaped_where_they_stand)
{
    static const struct visitor visitor = {.name = HOSTILE, .jobs = 7, .is_here = true};
    assert_page("<p>{{name}}, {{ jobs }}, {{is_here}}</p>", &visitor, "<p>" HOSTILE_ESCAPED ", 7, true</p>");
    assert_page("<p title=\"{{name}}\" data-x=\"{{name}}\">", &visitor,
                "<p title=\"" HOSTILE_ESCAPED "\" data-x=\"" HOSTILE_ESCAPED "\">");
    assert_page("<a href=\"/d?n={{name}}&amp;x=1\">", &visitor, "<a href=\"/d?n=%3Cb%3E%22%27%26&amp;x=1\">");
}

Test(page_template, a_value_in_an_address_is_one_piece_of_it)
{
    static const char page[] = "<a href=\"/d/{{name}}/x\">";
    static const struct {
        const char *name, *written;
    } rows[] = {
        {"neustadt/p-1", "<a href=\"/d/neustadt%2Fp-1/x\">"},
        {"..", "<a href=\"/d//x\">"},
        {".", "<a href=\"/d//x\">"},
        {"...", "<a href=\"/d/.../x\">"},
        {"%2e.", "<a href=\"/d/%252e./x\">"},
        {"a?b#c", "<a href=\"/d/a%3Fb%23c/x\">"},
        {"J\xc3\xb6rg", "<a href=\"/d/J%C3%B6rg/x\">"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct visitor visitor = {0};
        TEXT_PUT(visitor.name, rows[i].name);
        assert_page(page, &visitor, rows[i].written);
    }
}

Test(page_template, no_value_stands_where_escaping_would_not_help)
{
    static const struct {
        const char *page, *said;
    } rows[] = {
        {"<p {{name}}>", "no value may stand here"},
        {"<{{name}}>", "no value may stand here"},
        {"<p title={{name}}>", "no value may stand here"},
        {"<p title='{{name}}'>", "double quotes"},
        {"<p {{name}}=\"x\">", "no value may stand here"},
        {"<script src=\"/x.js\">{{name}}</script>", "no value may stand here"},
        {"<a href=\"{{name}}\">", "no value may stand here"},
        {"<a href=\"/{{name}}\">", "no value may stand here"},
        {"<a href=\"//{{name}}\">", "no value may stand here"},
        {"<a href=\"/\\{{name}}\">", "no value may stand here"},
        {"<a href=\"https://{{name}}\">", "no value may stand here"},
        {"<a href=\"javascript:{{name}}\">", "no value may stand here"},
        {"<meta content=\"{{name}}\">", "no value may stand here"},
        {"<img srcset=\"/{{name}}\">", "no value may stand here"},
        {"<a target=\"{{name}}\">", "no value may stand here"},
        {"<!doctype {{name}}>", "no value may stand here"},
        {"<a href=\"/x/{{_ A word}}\">", "no sentence may stand here"},
        {"<p {{_ A word}}>", "no sentence may stand here"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_refused(rows[i].page, rows[i].said);
}

Test(page_template, what_the_content_security_policy_forbids_is_refused)
{
    assert_refused("<p style=\"color:red\">", "the content security policy forbids");
    assert_refused("<p onclick=\"x()\">", "the content security policy forbids");
    assert_refused("<iframe srcdoc=\"x\">", "the content security policy forbids");
    assert_refused("<script>x()</script>", "files of their own");
    assert_refused("<style>p {}</style>", "files of their own");
    assert_refused("<script></p></script>", "files of their own");
    assert_refused("<script><p></script>", "\"<\" begins no tag");
    assert_refused("<script></style>x()</script>", "files of their own");
    static const struct visitor nobody;
    assert_page("<script src=\"/x.js\" defer></script>.", &nobody, "<script src=\"/x.js\" defer></script>.");
}

Test(page_template, what_is_no_html_of_ours_is_refused)
{
    assert_refused("<!-- for the reader -->", "comments are written");
    assert_refused("a < b", "begins no tag");
    assert_refused("</>", "begins no tag");
    assert_refused("<P>", "begins no tag");
    assert_refused("<p title=\"a>b\">", "is a quote missing?");
    assert_refused("<p title=\"a\"class=\"b\">", "double quotes");
    assert_refused("<p title=x>", "double quotes");
    assert_refused("<p ", "ends within a tag");
    assert_refused("<p title=\"", "ends within a tag");
    assert_refused("<script>", "ends within a tag");
    static const struct visitor nobody;
    assert_page("<!doctype html>\n<h1 class=\"kern-title\" hidden>a &amp; b</h1><br/>\n", &nobody,
                "<!doctype html>\n<h1 class=\"kern-title\" hidden>a &amp; b</h1><br/>\n");
}

Test(page_template, what_is_secret_has_no_gap)
{
    assert_refused("{{password}}", "this field is not shown: password");
    assert_refused("{{#password}}{{/password}}", "this field is not shown: password");
    assert_refused("{{nobody}}", "page, line 1: there is no such field: nobody");
    assert_refused("a\nb\n{{\nnobody }}", "page, line 3: there is no such field: nobody");
    assert_refused("{{desktops}}", "this field has no value of its own");
    assert_refused("{{last}}", "this field has no value of its own");
    assert_refused("{{}}", "there is no such field");
    assert_refused("{{name", "without its");
}

Test(page_template, a_time_is_for_people_between_tags_and_for_machines_within_quotes)
{
    static const struct visitor visitor = {.last = {.since_ms = 1772348370123}};
    assert_page("{{#last}}<time datetime=\"{{since}}\">{{since}}</time>{{/last}}", &visitor,
                "<time datetime=\"2026-03-01T06:59:30.123Z\">&lt;1772348370123&gt;</time>");
    static const struct visitor nobody = {.last = {.name = "x"}};
    assert_page("{{#last}}[{{since}}]{{/last}}", &nobody, "[]");
}

// ---- sections

Test(page_template, a_list_is_written_row_by_row)
{
    struct visitor visitor = {.name = "Anna"};
    static const char page[] = "{{#desktops}}<li class=\"{{#state=open}}is-open {{/state}}x\">{{name}}"
                               "{{^state=open}}, free{{/state}}{{#is_here}}!{{/is_here}}</li>{{/desktops}}"
                               "{{^desktops}}none{{/desktops}} {{name}}";
    assert_page(page, &visitor, "none Anna");
    add_desktop(&visitor, "a/b", "One", 0);
    add_desktop(&visitor, "a/c", HOSTILE, 1);
    assert_page(page, &visitor, "<li class=\"x\">One, free</li><li class=\"is-open x\">" HOSTILE_ESCAPED "</li> Anna");
    visitor.is_here = true;
    assert_page("{{#desktops}}{{#is_here}}{{name}};{{/is_here}}{{/desktops}}", &visitor, "One;" HOSTILE_ESCAPED ";");
    assert_page("{{#desktops}}{{#desktops}}{{id}},{{/desktops}};{{/desktops}}", &visitor, "a/b,a/c,;a/b,a/c,;");
    record_free(visitor_fields, &visitor);
}

Test(page_template, a_section_is_written_when_it_is_not_empty)
{
    struct visitor visitor = {.name = "Anna"};
    assert_page("{{#name}}a{{/name}}{{^name}}b{{/name}}{{#jobs}}c{{/jobs}}{{^jobs}}d{{/jobs}}{{#last}}e{{/last}}",
                &visitor, "ad");
    visitor.jobs = 1;
    TEXT_PUT(visitor.last.name, "One");
    assert_page("{{#jobs}}c{{/jobs}}{{#last}}{{name}}{{/last}}{{^last}}none{{/last}}", &visitor, "cOne");
    assert_page("<input {{#is_here}}checked {{/is_here}}name=\"x\">", &visitor, "<input name=\"x\">");
}

Test(page_template, sections_are_closed_where_they_began)
{
    assert_refused("{{#name}}", "a section is not closed");
    assert_refused("{{/name}}", "this section is not open: name");
    assert_refused("{{#name}}{{#jobs}}{{/name}}{{/jobs}}", "this section is not open: name");
    assert_refused("{{#name}}<p {{/name}}>", "elsewhere in the HTML");
    assert_refused("<p {{#name}}title=\"{{/name}}\">", "elsewhere in the HTML");
    assert_refused("<p {{#name}}a{{/name}}=\"x\">", "elsewhere in the HTML");
    assert_refused("<a href=\"{{#name}}/x{{/name}}{{jobs}}\">", "elsewhere in the HTML");
    assert_refused("{{#name}}<script>{{/name}}</script>", "elsewhere in the HTML");
    assert_refused("{{#name=x}}{{/name}}", "no such choice");
    assert_refused("{{#last}}{{#state=shut}}{{/state}}{{/last}}", "no such choice");
    char deep[PAGE_DEPTH_MAX * 16 + 32] = "";
    for (int i = 0; i <= PAGE_DEPTH_MAX; i++)
        snprintf(deep + strlen(deep), sizeof deep - strlen(deep), "{{#is_here}}");
    assert_refused(deep, "sections are too deep");
}

// ---- sentences and files

Test(page_template, a_sentence_is_translated_and_escaped)
{
    static const struct visitor visitor = {.name = HOSTILE, .jobs = 2};
    assert_page("<p title=\"{{_ Desktops & more}}\">{{_ Desktops & more}}", &visitor,
                "<p title=\"Desktops &amp; &quot;mehr&quot;\">Desktops &amp; &quot;mehr&quot;");
    assert_page("{{_ %s has %s jobs.|name|jobs}}", &visitor, "2 Aufträge hat " HOSTILE_ESCAPED ".");
    assert_page("{{_ Unknown: 100% %s|jobs}}", &visitor, "Unknown: 100% 2");
}

Test(page_template, a_sentence_that_lost_a_gap_is_refused)
{
    assert_refused("{{_ %s waits.|name}}", "do not agree");
    assert_refused("{{_ Nobody waits.}}", "do not agree");
    assert_refused("{{_ %s and %s|name}}", "do not agree");
    assert_refused("{{_ %1$s and %1$s|name|jobs}}", "do not agree");
    assert_refused("{{_ %s|password}}", "this field is not shown");
    assert_refused("{{_ a|name|name|name|name|name}}", "too many gaps");
}

Test(page_template, files_stand_in_files)
{
    static const struct visitor visitor = {.name = "Anna"};
    assert_page("{{! for the reader }}{{> head}}.", &visitor, "<title>Anna</title>.");
    assert_page("{{#is_here}}{{> head}}{{/is_here}}.", &visitor, ".");
    assert_refused("{{> nothing}}", "there is no such file: nothing");
    assert_refused("{{> itself}}", "files are too deep");
    assert_refused("{{> half}}{{/is_here}}", "half, line 1: a section is not closed");
    assert_refused("a\n{{> wrong}}", "page, line 2: wrong, line 3: there is no such field");
    cr_assert_null(page_template_read(&source, "nothing", &visitor_type, &why));
}

// ---- bounds

Test(page_template, a_page_that_would_be_too_long_is_none)
{
    struct visitor visitor = {0};
    struct text page = {0};
    char name[NAME_SIZE];
    memset(name, '<', sizeof name - 1);
    name[sizeof name - 1] = 0;
    for (int i = 0; i < 40; i++)
        add_desktop(&visitor, "a/b", name, 0);
    struct page_template *pattern = read_page("{{#desktops}}{{#desktops}}{{name}}{{/desktops}}{{/desktops}}");
    cr_assert(pattern);
    text_adds(&page, "before");
    cr_assert_not(page_template_write(pattern, &visitor, &page));
    cr_assert_str_eq(page.bytes, "before");
    page_template_free(pattern);
    text_drop(&page);
    record_free(visitor_fields, &visitor);
}

Test(page_template, a_page_of_too_many_parts_is_refused)
{
    struct text text = {0};
    for (int i = 0; i <= PAGE_PARTS_MAX; i++)
        text_adds(&text, "{{name}}");
    assert_refused(text.bytes, "has too many parts");
    text_drop(&text);
}

Test(html_context, what_may_follow_is_compared)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"<p>", "a", true},
        {"<p ", "<p a=\"b\" ", true},
        {"<p ", "<a ", false},
        {"<p a=\"", "<p b=\"", false},
        {"<p class=\"", "<p class=\"x", true},
        {"<a href=\"/", "<a href=\"/x", false},
        {"<script>", "<style>", false},
        {"<script>", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct html_context a = {0}, b = {0};
        for (const char *at = rows[i].a; *at; at++)
            cr_assert(html_follow(&a, *at, &why));
        for (const char *at = rows[i].b; *at; at++)
            cr_assert(html_follow(&b, *at, &why));
        cr_expect_eq(html_same(&a, &b), rows[i].same, "%s %s", rows[i].a, rows[i].b);
    }
}
