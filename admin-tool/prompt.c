// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/prompt.h"
#include "admin-tool/out.h"
#include "broker/base/text.h"
#include "broker/client/language.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { INTERRUPT = 3 }; // Ctrl-C

// Byte by byte: what follows the line belongs to somebody else.
static bool read_line(int descriptor, struct secret *secret, struct fault *why)
{
    char line[SECRET_MAX + 2];
    size_t length = 0;
    while (length < sizeof line && read(descriptor, line + length, 1) == 1 && line[length] != '\n') {
        if (line[length++] == INTERRUPT) {
            explicit_bzero(line, sizeof line);
            return fault_set(why, FAULT_DENIED, "%s", _("cancelled"));
        }
    }
    if (length && length < sizeof line && line[length - 1] == '\r')
        length--;
    bool taken = secret_set(secret, line, length < sizeof line ? length : SECRET_MAX + 1);
    explicit_bzero(line, sizeof line);
    return taken || fault_set(why, FAULT_INVALID, "%s", _("the input is too long"));
}

// Ctrl-C would leave the terminal without echo, so it ends the line instead of the program.
bool prompt_secret(const char *question, struct secret *secret, struct fault *why)
{
    struct termios before, quiet;
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0 || tcgetattr(terminal, &before) != 0) {
        if (terminal >= 0)
            close(terminal);
        return fault_set(why, FAULT_UNAVAILABLE, "%s",
                         _("No terminal to ask for the password on: use --password-stdin."));
    }
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    quiet.c_cc[VEOL] = INTERRUPT;
    tcsetattr(terminal, TCSAFLUSH, &quiet);
    dprintf(terminal, "%s", question);
    bool read = read_line(terminal, secret, why);
    dprintf(terminal, "\n");
    tcsetattr(terminal, TCSAFLUSH, &before);
    close(terminal);
    return read;
}

bool prompt_yes(const char *question)
{
    char answer[32] = "";
    fprintf(stderr, "%s", question);
    fflush(stderr);
    if (!fgets(answer, sizeof answer, stdin))
        return false;
    answer[strcspn(answer, "\r\n")] = 0;
    text_lower(answer);
    return text_equal(answer, "y") || text_equal(answer, "yes") || text_equal(answer, _("y")) ||
           text_equal(answer, _("yes"));
}

bool prompt_confirmed(bool yes)
{
    if (yes)
        return true;
    if (isatty(STDIN_FILENO) && prompt_yes(_("Continue? [y/N] ")))
        return true;
    out_complain("%s", isatty(STDIN_FILENO) ? _("Nothing was changed.")
                                            : _("Nothing was changed: there is no terminal to ask on, and no --yes."));
    return false;
}

bool prompt_read(const char *path, struct secret *secret, struct fault *why)
{
    bool standard = text_equal(path, "-");
    int file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return fault_set(why, FAULT_ABSENT, "%s: %s", path, strerror(errno));
    bool read = read_line(file, secret, why);
    if (!standard)
        close(file);
    return read;
}
