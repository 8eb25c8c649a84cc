// SPDX-License-Identifier: EUPL-1.2
#include "tests/integration/pult-print/worker_fixture.h"
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "tests/network.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAIT_MS = 60 * 1000, STEP_MS = 20 };

struct loop *print_loop;
struct spool *print_spool;
struct accounts *print_accounts;
struct print_worker *print_worker;
enum printer_state print_state;
char print_detail[PRINTER_DETAIL_SIZE];
bool print_gives_key = true;
int print_told;
struct print_account print_entry;

static char folder[FOLDER_SIZE], printer_dir[PRINT_PATH_SIZE];
static pid_t printer;
static bool ended, late, wants_key;
static const struct printed_job *current;
static struct loop_timer *deadline;

static void worker_ended(void *arg, struct print_worker *worker, const char *job)
{
    (void)arg;
    (void)worker;
    cr_assert_str_eq(job, current->id);
    ended = true;
    loop_stop(print_loop);
}

static void worker_state(void *arg, struct print_worker *worker, enum printer_state state, const char *detail)
{
    (void)arg;
    (void)worker;
    print_state = state;
    text_cut(print_detail, sizeof print_detail, detail);
}

static void worker_wants_key(void *arg, struct print_worker *worker, const char *job)
{
    (void)arg;
    (void)worker;
    (void)job;
    wants_key = true;
    loop_stop(print_loop);
}

static const struct print_worker_events events = {worker_ended, worker_state, worker_wants_key};

static bool tell(void *arg, const struct print_account *entry)
{
    (void)arg;
    print_told++;
    print_entry = *entry;
    return true;
}

static void is_late(void *arg)
{
    (void)arg;
    late = true;
    loop_stop(print_loop);
}

static void path_of(char path[PRINT_PATH_SIZE], const char *name)
{
    snprintf(path, PRINT_PATH_SIZE, "%s/%s", folder, name);
}

static void open_state(void)
{
    char path[PRINT_PATH_SIZE];
    struct fault why = {0};
    print_loop = loop_new();
    deadline = loop_timer_new(print_loop, is_late, NULL);
    path_of(path, "spool");
    mkdir(path, 0700);
    print_spool = spool_open(print_loop, path, &why);
    cr_assert(print_spool, "%s", why.text);
    path_of(path, "accounts");
    mkdir(path, 0700);
    print_accounts = accounts_open(print_loop, path, tell, NULL, &why);
    cr_assert(print_accounts, "%s", why.text);
    accounts_tell_all(print_accounts);
}

static void close_state(void)
{
    print_worker_free(take(print_worker));
    accounts_free(print_accounts);
    spool_free(print_spool);
    loop_timer_free(deadline);
    loop_free(print_loop);
}

void print_start(void)
{
    network_own();
    folder_make(folder, "print");
    path_of(printer_dir, "printer");
    mkdir(printer_dir, 0700);
    open_state();
}

void print_stop(void)
{
    close_state();
    print_printer_off();
    folder_remove(folder);
}

void print_pause(int ms)
{
    late = false;
    loop_timer_start(deadline, ms);
    while (!late)
        loop_run(print_loop);
    loop_timer_stop(deadline);
}

// ---- printers

static bool listens(void)
{
    struct program_result result;
    char filter[64];
    snprintf(filter, sizeof filter, "ss -Hltn sport = :%d", PRINT_PORT);
    program_run(&result, filter, "");
    return strstr(result.out, "LISTEN") != NULL;
}

static void start_printer(const char *line)
{
    char log[PRINT_PATH_SIZE];
    path_of(log, "printer.log");
    printer = program_start(line, log);
    for (int ms = 0; !listens(); ms += STEP_MS) {
        cr_assert(ms < WAIT_MS, "the printer does not start");
        poll(NULL, 0, STEP_MS);
    }
}

void print_worker_for(const char *uri, const char *fingerprint, const char *credentials)
{
    struct print_target target = {0};
    TEXT_PUT(target.id, "neustadt/room1");
    TEXT_PUT(target.address.uri, uri);
    TEXT_PUT(target.address.fingerprint, fingerprint);
    TEXT_PUT(target.address.credentials, credentials);
    print_worker_free(print_worker);
    print_worker = print_worker_new(print_loop, print_spool, print_accounts, &target, &events, NULL);
}

static int worker_port = PRINT_PORT;

void print_nowhere(void)
{
    worker_port = PRINT_PORT + 1;
}

static void plain_worker(void)
{
    char uri[URI_SIZE];
    snprintf(uri, sizeof uri, "ipp://127.0.0.1:%d/ipp/print", worker_port);
    print_worker_for(uri, "", "");
}

void print_ippeve(const char *options)
{
    char line[2 * PRINT_PATH_SIZE];
    snprintf(line, sizeof line, "tests/integration/pult-print/serve-ippeve %s %d%s%s", printer_dir, PRINT_PORT,
             *options ? " " : "", options);
    char here[PRINT_PATH_SIZE], whole[3 * PRINT_PATH_SIZE];
    cr_assert(getcwd(here, sizeof here));
    snprintf(whole, sizeof whole, "%s/%s", here, line);
    start_printer(whole);
    plain_worker();
}

static void start_odd(const char *habits, const char *more)
{
    char here[PRINT_PATH_SIZE], line[3 * PRINT_PATH_SIZE];
    print_habits(habits);
    cr_assert(getcwd(here, sizeof here));
    snprintf(line, sizeof line, "%s/tests/town/odd-printer %s %d%s", here, printer_dir, PRINT_PORT, more);
    start_printer(line);
}

void print_odd(const char *habits)
{
    start_odd(habits, "");
    plain_worker();
}

void print_odd_ipps(const char *habits, char fingerprint[DIGEST_SIZE])
{
    char line[4 * PRINT_PATH_SIZE], more[3 * PRINT_PATH_SIZE];
    struct program_result result;
    snprintf(line, sizeof line,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s/key -out %s/crt -days 9 "
             "-subj /CN=printer 2>/dev/null",
             printer_dir, printer_dir);
    program_shell(line);
    snprintf(line, sizeof line, "openssl x509 -in %s/crt -noout -fingerprint -sha256", printer_dir);
    program_run(&result, line, "");
    char *digits = fingerprint;
    for (const char *at = strchr(result.out, '=') + 1; *at && *at != '\n'; at++)
        if (*at != ':')
            *digits++ = *at;
    *digits = 0;
    text_lower(fingerprint);
    snprintf(more, sizeof more, " %s/crt %s/key", printer_dir, printer_dir);
    start_odd(habits, more);
}

void print_habits(const char *habits)
{
    char path[PRINT_PATH_SIZE + 20];
    struct fault why;
    snprintf(path, sizeof path, "%s/habits", printer_dir);
    cr_assert(file_replace(path, 0600, habits, strlen(habits), &why));
}

void print_printer_off(void)
{
    if (printer > 0)
        program_stop(printer);
    printer = 0;
}

// ---- jobs

char *print_pdf(int pages, const char *words, size_t *size)
{
    struct text pdf = {0}, kids = {0}, table = {0};
    text_adds(&pdf, "%PDF-1.4\n");
    for (int i = 0; i < pages; i++) {
        char content[200];
        int length = snprintf(content, sizeof content, "BT /F1 24 Tf 72 700 Td (%s %d) Tj ET", words, i + 1);
        text_addf(&kids, "%d 0 R ", 4 + 2 * i);
        text_addf(&table, "%010zu 00000 n \n", pdf.length);
        text_addf(&pdf,
                  "%d 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources << /Font "
                  "<< /F1 3 0 R >> >> >>\nendobj\n",
                  4 + 2 * i, 5 + 2 * i);
        text_addf(&table, "%010zu 00000 n \n", pdf.length);
        text_addf(&pdf, "%d 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n", 5 + 2 * i, length, content);
    }
    size_t catalog = pdf.length;
    text_adds(&pdf, "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n");
    size_t tree = pdf.length;
    text_addf(&pdf, "2 0 obj\n<< /Type /Pages /Kids [%s] /Count %d >>\nendobj\n", kids.bytes, pages);
    size_t font = pdf.length;
    text_adds(&pdf, "3 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>\nendobj\n");
    size_t xref = pdf.length;
    text_addf(&pdf, "xref\n0 %d\n0000000000 65535 f \n%010zu 00000 n \n%010zu 00000 n \n%010zu 00000 n \n%s",
              4 + 2 * pages, catalog, tree, font, table.bytes);
    text_addf(&pdf, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n", 4 + 2 * pages, xref);
    text_drop(&kids);
    text_drop(&table);
    *size = pdf.length;
    return pdf.bytes;
}

static void is_stored(void *arg, const struct fault *why)
{
    (void)arg;
    cr_assert(why->kind == FAULT_NONE, "%s", why->text);
    loop_stop(print_loop);
}

void print_add_bytes(struct printed_job *job, const char *format, const char *options, const char *bytes, size_t size)
{
    static int number;
    char path[SPOOL_PATH_SIZE];
    struct fault why = {0};
    struct spool_job record = {.state = SPOOL_WAITING, .size = (int64_t)size, .created_ms = clock_wall_ms()};
    snprintf(job->id, sizeof job->id, "j-%032x", ++number);
    TEXT_PUT(record.id, job->id);
    TEXT_PUT(record.format, format);
    TEXT_PUT(record.options, options);
    TEXT_PUT(record.user_name, "anna");
    TEXT_PUT(record.person, "neustadt/anna");
    TEXT_PUT(record.host, "neustadt/ts1");
    spool_document_path(print_spool, job->id, path);
    struct document_writer *writer = document_create(path, job->id, &why);
    cr_assert(writer && document_add(writer, bytes, size, &why), "%s", why.text);
    memcpy(job->key, document_key(writer), sizeof job->key);
    struct file_draft *draft = document_finish(writer, &why);
    document_writer_free(writer);
    spool_add(print_spool, &record, draft, is_stored, NULL);
    loop_run(print_loop);
}

void print_add(struct printed_job *job, int pages, const char *options)
{
    job->document = print_pdf(pages, "Seite", &job->size);
    print_add_bytes(job, "application/pdf", options, job->document, job->size);
}

void print_forget(struct printed_job *job)
{
    free(job->document);
    job->document = NULL;
}

void print_send(const struct printed_job *job)
{
    current = job;
    ended = false;
    print_worker_send(print_worker, job->id, job->key);
}

void print_wait(void)
{
    late = false;
    loop_timer_start(deadline, WAIT_MS);
    while (!ended) {
        loop_run(print_loop);
        cr_assert_not(late, "the worker does not come to an end");
        if (wants_key) {
            wants_key = false;
            print_worker_give_key(print_worker, current->id, print_gives_key ? current->key : NULL);
        }
    }
    loop_timer_stop(deadline);
}

const struct spool_job *print_record(const struct printed_job *job)
{
    return spool_find(print_spool, job->id);
}

static int count_lines(const char *line)
{
    char path[PRINT_PATH_SIZE + 20], log[64 * 1024];
    int count = 0;
    snprintf(path, sizeof path, "%s/requests", printer_dir);
    if (!file_read_text(path, log, sizeof log, NULL))
        return 0;
    for (const char *at = log; (at = strstr(at, line)); at += strlen(line))
        count++;
    return count;
}

void print_wait_requests(const char *line, int count)
{
    for (int ms = 0; count_lines(line) < count; ms += STEP_MS) {
        cr_assert(ms < WAIT_MS, "the printer is not asked %s", line);
        print_pause(STEP_MS);
    }
}

// ---- what came out

static bool is_paper(const char *name)
{
    return name[0] != '.' && !strstr(name, ".options");
}

int print_papers(void)
{
    char path[PRINT_PATH_SIZE + 20];
    int count = 0;
    snprintf(path, sizeof path, "%s/paper", printer_dir);
    DIR *papers = opendir(path);
    for (struct dirent *one; papers && (one = readdir(papers));)
        count += is_paper(one->d_name);
    if (papers)
        closedir(papers);
    return count;
}

char *print_paper(size_t *size)
{
    char path[PRINT_PATH_SIZE + 20], last[2 * PRINT_PATH_SIZE] = "";
    struct stat status;
    int64_t newest = -1;
    snprintf(path, sizeof path, "%s/paper", printer_dir);
    DIR *papers = opendir(path);
    for (struct dirent *one; papers && (one = readdir(papers));) {
        char file[2 * PRINT_PATH_SIZE];
        snprintf(file, sizeof file, "%s/%.150s", path, one->d_name);
        if (!is_paper(one->d_name) || stat(file, &status) != 0)
            continue;
        int64_t at = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
        if (at > newest) {
            newest = at;
            TEXT_PUT(last, file);
        }
    }
    closedir(papers);
    cr_assert(stat(last, &status) == 0, "no paper");
    char *bytes = mem_room((size_t)status.st_size + 1);
    cr_assert(file_read(last, bytes, (size_t)status.st_size, size, NULL));
    return bytes;
}

bool print_asked(const char *words)
{
    char line[2 * PRINT_PATH_SIZE];
    struct program_result result;
    snprintf(line, sizeof line, "grep -rlF --include=*.options -- %s %s/paper", words, printer_dir);
    program_run(&result, line, "");
    return result.exit_code == 0;
}

void print_assert_held(const struct printed_job *job, enum spool_state state, enum job_reason reason)
{
    const struct spool_job *record = print_record(job);
    cr_assert(record, "it is over");
    cr_expect_str_eq(spool_state_words[record->state], spool_state_words[state]);
    cr_expect_str_eq(job_reason_words[record->reason], job_reason_words[reason]);
    cr_expect(print_worker_is_free(print_worker));
}

void print_assert_printed(struct printed_job *job, int papers, int64_t impressions, bool by_document)
{
    size_t size;
    cr_assert_null(print_record(job), "it is not over");
    cr_expect_eq(print_papers(), papers);
    char *paper = print_paper(&size);
    cr_expect(size == job->size && memcmp(paper, job->document, size) == 0);
    free(paper);
    cr_expect_eq(print_told, 1);
    cr_expect_eq(print_entry.impressions, impressions, "%lld", (long long)print_entry.impressions);
    cr_expect_eq(print_entry.by_document, by_document);
    print_forget(job);
}

// ---- crashes

void print_restart(void)
{
    close_state();
    print_told = 0;
    open_state();
    plain_worker();
}

void print_crashed(const struct printed_job *job, enum spool_state state, int64_t number)
{
    struct spool_job record = *print_record(job);
    record.state = state;
    record.printer_job = number;
    record.sending_ms = clock_wall_ms();
    record.attempts = 1;
    TEXT_PUT(record.printer, "neustadt/room1");
    spool_put(print_spool, &record, is_stored, NULL);
    loop_run(print_loop);
    print_restart();
    current = job;
    ended = false;
    print_worker_recover(print_worker, job->id);
}
