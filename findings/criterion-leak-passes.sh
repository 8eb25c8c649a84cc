#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: tests by Criterion, built with -fsanitize=address, fail when LeakSanitizer finds a leak, as any other program
#        does: it ends with 23 or 1.
# What happens: a leak within a test is printed, and the test passes: Criterion 2.4.1 runs it in a child of its own, takes
#        "how the test said it went" for the result and the exit status that the sanitizer sets afterwards for nothing. A
#        filter that matches no test passes, too. So a run is only green when its output was searched for
#        "ERROR: LeakSanitizer" and for "Tested: 0".
# Needs: gcc with libasan, libcriterion3 with what it links to. A minute at most.
. "$(dirname "$0")/packages"
unpack bookworm libcriterion-dev 2.4.1-2 libcriterion3 2.4.1-2 libboxfort-dev 0.1.2-2 libgit2-1.5 1.5.1+ds-1+deb12u1 \
  libnanomsg5 1.1.5+dfsg-1.1+b1 libnanomsg-dev 1.1.5+dfsg-1.1+b1
library=$(folder_of libcriterion3 2.4.1-2 libcriterion.so.3)

cat >"$work/leak.c" <<'END'
#include <criterion/criterion.h>
#include <stdlib.h>

Test(leak, is_found)
{
    void *volatile lost = malloc(4711);
    lost = NULL;
    cr_assert(!lost);
}
END
cat >"$work/plain.c" <<'END'
#include <stdlib.h>

int main(void)
{
    void *volatile lost = malloc(4711);
    lost = NULL;
    return lost != NULL;
}
END
gcc -fsanitize=address -I"$work/libcriterion-dev/2.4.1-2/usr/include" -o "$work/leak" "$work/leak.c" \
  "$library/libcriterion.so.3" -Wl,-rpath-link,"$library"
gcc -fsanitize=address -o "$work/plain" "$work/plain.c"
export LD_LIBRARY_PATH=$library:$(folder_of libgit2-1.5 1.5.1+ds-1+deb12u1 libgit2.so.1.5):$(folder_of libnanomsg5 1.1.5+dfsg-1.1+b1 libnanomsg.so.5)

# ran PROGRAM ARGUMENT...: whether a leak was reported, and how the program ended.
ran() {
  local status=0
  "$@" >"$work/said" 2>&1 || status=$?
  echo "$(grep -c 'ERROR: LeakSanitizer' "$work/said") report, status $([ "$status" = 0 ] && echo 0 || echo not 0)"
}

says 'a leak in a plain program' '1 report, status not 0' "$(ran "$work/plain")"
says 'the same leak in a test' '1 report, status 0' "$(ran "$work/leak")"
says 'a filter that matches no test' '0 report, status 0' "$(ran "$work/leak" --filter 'no/such')"
