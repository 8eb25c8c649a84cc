// SPDX-License-Identifier: EUPL-1.2
// A one-time password as the broker with this secret would make it, with the typed one behind it:
//   mint SECRET HOST DIGEST-OF-ITS-CERTIFICATE USER [TYPED]
#include "broker/api/otp.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"

#include <stdio.h>

int main(int count, char **words)
{
    char text[OTP_TEXT_SIZE];
    struct fault why = {.text = "SECRET HOST DIGEST USER [TYPED]"};
    struct otp otp = {.fence = 1, .until_ms = clock_wall_ms() + OTP_MS, .password_follows = count > 5};
    struct otp_maker *maker = count >= 5 ? otp_maker_open(words[1], &why) : NULL;
    if (!maker) {
        fprintf(stderr, "mint: %s\n", why.text);
        return 2;
    }
    TEXT_PUT(otp.session, "neustadt/s-0123456789abcdef-01234567");
    TEXT_PUT(otp.host, words[2]);
    TEXT_PUT(otp.user_name, words[4]);
    bool made = otp_make(maker, words[3], &otp, text);
    if (made)
        printf("%s%s%s\n", text, count > 5 ? ":" : "", count > 5 ? words[5] : "");
    otp_maker_free(maker);
    return made ? 0 : 1;
}
