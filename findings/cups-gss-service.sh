#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: with Kerberos, cupsd and its clients use the principal HTTP/server, as every other program that speaks HTTP and
#        Negotiate; the manual page cupsd.conf(5) says that the service name is "http" unless GSSServiceName says another.
# What happens: both use host/server. A client of CUPS asks the KDC for a ticket of host/server, and cupsd looks for a key
#        of host/server in its keytab. A keytab for HTTP/ alone, to which the manual page, browsers and Windows lead, serves
#        no client of CUPS until cupsd has GSSServiceName HTTP and each client CUPS_GSSSERVICENAME=HTTP.
# Needs: root (a network of its own, cupsd), and of the libraries of cupsd those that any Debian has.
. "$(dirname "$0")/packages"
cups=2.4.2-3+deb12u9 krb5=1.20.1-2+deb12u5
unpack bookworm cups-daemon $cups cups-client $cups cups-common $cups libcups2 $cups libavahi-client3 0.8-10+deb12u1 \
  libavahi-common3 0.8-10+deb12u1 libpaper1 1.1.29 krb5-kdc $krb5 krb5-admin-server $krb5 krb5-user $krb5 libkdb5-10 $krb5 \
  libkadm5srv-mit12 $krb5 libkadm5clnt-mit12 $krb5 libgssrpc4 $krb5 libgssapi-krb5-2 $krb5 libkrb5-3 $krb5 \
  libkrb5support0 $krb5 libk5crypto3 $krb5 libverto1 0.3.1-1 libverto-libev1 0.3.1-1 libev4 1:4.33-1 \
  libss2 1.47.0-2+b2
. "$(dirname "$0")/cupsd"
mkdir "$work/kdc"

export KRB5_CONFIG=$work/krb5.conf KRB5_KDC_PROFILE=$work/kdc.conf KRB5CCNAME=FILE:$work/tickets
cat >"$work/krb5.conf" <<END
[libdefaults]
  default_realm = HALL.EXAMPLE
  dns_lookup_kdc = false
  dns_canonicalize_hostname = false
  rdns = false
[realms]
  HALL.EXAMPLE = {
    kdc = 10.9.9.1:8888
  }
[domain_realm]
  .hall.example = HALL.EXAMPLE
END
cat >"$work/kdc.conf" <<END
[kdcdefaults]
  kdc_listen = 10.9.9.1:8888
  kdc_tcp_listen = 10.9.9.1:8888
[realms]
  HALL.EXAMPLE = {
    database_name = $work/kdc/principal
    key_stash_file = $work/kdc/stash
    db_module_dir = $usr/lib/x86_64-linux-gnu/krb5/plugins/kdb
  }
[dbmodules]
  db_module_dir = $usr/lib/x86_64-linux-gnu/krb5/plugins/kdb
END
cat >>"$work/cupsd/cupsd.conf" <<END
Listen 10.9.9.1:8631
ServerAlias *
LogLevel debug
DefaultAuthType Negotiate
DefaultEncryption Never
<Location />
  AuthType Negotiate
  Require valid-user
  Allow from all
</Location>
END

unshare -n --mount --kill-child bash -s <<'END'
set -euo pipefail
ip link set lo up
ip address add 10.9.9.1/32 dev lo
printf '127.0.0.1 localhost\n10.9.9.1 print.hall.example\n' >"$work/hosts"
mount --bind "$work/hosts" /etc/hosts
daemons=()
trap 'kill "${daemons[@]}" 2>/dev/null; wait' EXIT
kdb5_util create -s -r HALL.EXAMPLE -P "$(head -c 12 /dev/urandom | base64)" >"$work/answer" 2>&1 || { cat "$work/answer"; exit 2; }
word=$(head -c 12 /dev/urandom | base64)
kadmin.local addprinc -pw "$word" anna >"$work/answer" 2>&1
for service in HTTP host; do
  kadmin.local addprinc -randkey $service/print.hall.example >>"$work/answer" 2>&1
done
kadmin.local ktadd -k "$work/keytab" host/print.hall.example >>"$work/answer" 2>&1
krb5kdc -n >"$work/kdc.log" 2>&1 & daemons+=($!)
until_true kinit anna <<<"$word"
KRB5_KTNAME=$work/keytab KRB5_TRACE=$work/cupsd.trace run_cupsd &
daemons+=($!)
until_true bash -c 'exec 3<>/dev/tcp/10.9.9.1/8631'
timeout 60 lpstat -h print.hall.example:8631 -e >"$work/said" 2>&1
END

manual=$(zcat "$usr/share/man/man5/cupsd.conf.5.gz" | grep -o 'The default service name is .*')
says 'the manual page cupsd.conf(5)' 'The default service name is "http."' "$manual"
says 'the ticket that a client asked for' host/print.hall.example@HALL.EXAMPLE "$(klist | grep -o '[a-zA-Z]*/print.*')"
says 'cupsd, whose only key is that of host/' 'Authorized as "anna@HALL.EXAMPLE" using Negotiate.' \
  "$(grep -o 'Authorized as .*' "$work/cupsd/error_log" | sort -u)"
