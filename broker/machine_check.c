// SPDX-License-Identifier: EUPL-1.2
#include "broker/machine_check.h"
#include "broker/auth/keytab.h"
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/text.h"
#include "broker/net/certificate.h"
#include "broker/net/envelope.h"
#include "broker/net/listener.h"
#include "broker/server/root_socket.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool complain(const char *path, const char *key, const char *file, const char *cause)
{
    fprintf(stderr, "%s: %s: %s: %s\n", path, key, file, cause);
    return false;
}

static void warn(const char *path, const char *key, const char *file, const char *cause)
{
    fprintf(stderr, "%s: warning: %s: %s: %s\n", path, key, file, cause);
}

static bool check_file(const char *path, const char *key, const char *file)
{
    return access(file, R_OK) == 0 || complain(path, key, file, strerror(errno));
}

static bool check_folder(const char *path, const char *key, const char *folder, int mode)
{
    struct stat found;
    if (stat(folder, &found) != 0)
        return complain(path, key, folder, strerror(errno));
    if (!S_ISDIR(found.st_mode))
        return complain(path, key, folder, "not a directory");
    return access(folder, mode) == 0 || complain(path, key, folder, strerror(errno));
}

static bool check_key(const char *path, const char *key_name, const char *file)
{
    struct stat key;
    return stat(file, &key) != 0 || !(key.st_mode & 0007) ||
           complain(path, key_name, file, "accessible to others; use chmod o=");
}

// It serves with one that has expired, too, so that what is connected stays so.
static void warn_of_dates(const char *path, const char *key, const char *file, int64_t from_ms, int64_t until_ms)
{
    char cause[CLOCK_TEXT_SIZE + 64], when[CLOCK_TEXT_SIZE];
    int64_t now_ms = clock_wall_ms();
    bool is_early = from_ms > now_ms;
    clock_text(when, is_early ? from_ms : until_ms);
    snprintf(cause, sizeof cause, "%s %s",
             is_early             ? "not valid before"
             : until_ms <= now_ms ? "has expired on"
                                  : "expires on",
             when);
    if (is_early || until_ms - now_ms <= CERTIFICATE_SOON_MS)
        warn(path, key, file, cause);
}

// By the names that they have in the configuration.
struct named_pair {
    const char *certificate_name, *certificate, *key_name, *key;
};

static bool check_pair(const char *path, const struct named_pair *named)
{
    struct fault why = {0};
    struct certificate_pair pair;
    bool readable = check_file(path, named->certificate_name, named->certificate);
    readable = check_file(path, named->key_name, named->key) && readable;
    if (!readable)
        return false;
    if (!certificate_pair_read(&pair, named->certificate, named->key, &why)) {
        fprintf(stderr, "%s: %s, %s: %s\n", path, named->certificate_name, named->key_name, why.text);
        return false;
    }
    warn_of_dates(path, named->certificate_name, named->certificate, pair.from_ms, pair.until_ms);
    certificate_pair_drop(&pair);
    return true;
}

static bool check_pairs(const char *path, const struct broker_config *config)
{
    const struct named_pair own = {"certificate", config->certificate, "key", config->key};
    const struct named_pair rdp = {"rdp-certificate", config->rdp_certificate, "rdp-key", config->rdp_key};
    // One that the broker makes will be there when it starts, at the latest.
    bool fine = (config->makes_certificate && !file_exists(config->certificate)) || check_pair(path, &own);
    fine = check_key(path, own.key_name, own.key) && fine;
    if (config->rdp_certificate[0])
        fine = check_pair(path, &rdp) && check_key(path, rdp.key_name, rdp.key) && fine;
    return fine;
}

static bool check_authorities(const char *path, const char *file)
{
    struct fault why = {0};
    if (!file[0])
        return true;
    int64_t until_ms = certificate_file_until_ms(file, &why);
    if (!until_ms) {
        fprintf(stderr, "%s: admin-ca: %s\n", path, why.text);
        return false;
    }
    warn_of_dates(path, "admin-ca", file, 0, until_ms);
    return true;
}

static bool check_recipients(const char *path, const struct broker_config *config)
{
    struct fault why;
    struct recipients *recipients = recipients_load(config->backup_certificates, &why);
    recipients_free(recipients);
    if (!recipients)
        fprintf(stderr, "%s: backup-certificates: %s\n", path, why.text);
    return recipients != NULL;
}

static void warn_of_keytabs(const char *path, const char *folder)
{
    DIR *opened = opendir(folder);
    for (const struct dirent *entry; opened && (entry = readdir(opened));) {
        char file[FILE_PATH_SIZE];
        struct fault why = {0};
        const char *ending = strrchr(entry->d_name, '.');
        snprintf(file, sizeof file, "%s/%s", folder, entry->d_name);
        if (ending && text_equal(ending, ".keytab") && !keytab_check(file, "", &why))
            fprintf(stderr, "%s: warning: credentials-dir: %s\n", path, why.text);
    }
    if (opened)
        closedir(opened);
}

bool machine_check(const char *path, const struct broker_config *config)
{
    warn_of_keytabs(path, config->credentials_dir);
    bool fine = check_pairs(path, config);
    fine = check_authorities(path, config->admin_ca) && fine;
    if (config->backup_certificates[0])
        fine = check_recipients(path, config) && fine;
    fine = check_folder(path, "data-dir", config->data_dir, R_OK | W_OK | X_OK) && fine;
    if (config->journal_head_dir[0])
        fine = check_folder(path, "journal-head-dir", config->journal_head_dir, R_OK | W_OK | X_OK) && fine;
    return check_folder(path, "credentials-dir", config->credentials_dir, R_OK | X_OK) && fine;
}

static bool check_port(const char *path, const char *key, const struct broker_config *config, int64_t port)
{
    struct fault why = {0};
    if (listener_is_possible(config->listen_address, (int)port, &why))
        return true;
    fprintf(stderr, "%s: %s: %s\n", path, key, why.text);
    return false;
}

bool machine_check_ports(const char *path, const struct broker_config *config)
{
    if (root_socket_is_there(config->data_dir)) {
        fprintf(stderr, "%s: a broker is running and has the ports\n", path);
        return true;
    }
    bool fine = check_port(path, "port", config, config->port);
    fine = check_port(path, "device-port", config, config->device_port) && fine;
    fine = (!config->gateway_port || check_port(path, "gateway-port", config, config->gateway_port)) && fine;
    return (!config->admin_ca[0] || check_port(path, "admin-port", config, config->admin_port)) && fine;
}
