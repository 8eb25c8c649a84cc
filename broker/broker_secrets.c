// SPDX-License-Identifier: EUPL-1.2
#include "broker/broker_secrets.h"
#include "broker/auth/factor_verifier.h"
#include "broker/print_seal.h"

enum { PATH_ROOM = 4096 };

static bool open_seal(struct broker_secrets *secrets, const struct broker_config *config, struct services *services,
                      struct fault *why)
{
    char path[PATH_ROOM];
    broker_config_data_file(config, "seal.pem", path);
    secrets->seal = print_seal_open(path, why);
    if (secrets->seal)
        services->seal = print_seal_port(secrets->seal);
    return secrets->seal != NULL;
}

static bool open_otp_maker(const struct broker_config *config, struct services *services, struct fault *why)
{
    char path[PATH_ROOM];
    broker_config_data_file(config, "otp.secret", path);
    services->otp_maker = otp_maker_open(path, why);
    return services->otp_maker != NULL;
}

static bool open_factors(struct broker_secrets *secrets, const struct broker_config *config, struct services *services,
                         struct fault *why)
{
    char path[PATH_ROOM];
    broker_config_data_file(config, "factors.secret", path);
    secrets->factor_verifier = factor_verifier_open(path, why);
    if (secrets->factor_verifier)
        services->factors = factor_verifier_port(secrets->factor_verifier);
    return secrets->factor_verifier != NULL;
}

bool broker_secrets_open(struct broker_secrets *secrets, const struct broker_config *config, struct services *services,
                         struct fault *why)
{
    return open_otp_maker(config, services, why) && open_seal(secrets, config, services, why) &&
           open_factors(secrets, config, services, why);
}

void broker_secrets_close(struct broker_secrets *secrets, struct services *services)
{
    otp_maker_free(services->otp_maker);
    print_seal_free(secrets->seal);
    factor_verifier_free(secrets->factor_verifier);
}
