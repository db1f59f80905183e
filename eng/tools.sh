# Looks for the programs that the tests need, and names what is missing; with install=yes installs it. Sourced by test.sh, whose traps end an
# installation that runs (installing).

missing=()
has() { command -v "$1" > /dev/null; }
has_zlib() { compgen -G '/usr/include/zlib.h' > /dev/null || compgen -G '/usr/include/*/zlib.h' > /dev/null; }
has clang || missing+=(clang)
has_zlib || missing+=(zlib1g-dev)
for tool in nc:netcat-openbsd socat:socat strace:strace bc:bc spin:spin; do
  has "${tool%%:*}" || missing+=("${tool##*:}")
done
[ -x "${FAIRLEAD_RABBITMQ:-/usr/lib/rabbitmq/bin}/rabbitmq-server" ] || missing+=(rabbitmq-server)

# Installs packages, and starts no service of theirs: the tests start a broker that is theirs alone. To be run in the background: there it is
# a shell of its own, which removes what it has made however it ends, and which signals reach while it waits for apt-get.
install() {
  policy=${FAIRLEAD_POLICY:-/usr/sbin/policy-rc.d} made='' running=''
  clean_up() {
    if [ -n "$running" ]; then kill -TERM "$running" 2> /dev/null; wait "$running"; fi
    [ -z "$made" ] || rm -f "$policy"
  }
  trap clean_up EXIT
  trap 'exit 143' TERM
  trap 'exit 130' INT
  trap 'exit 129' HUP
  run() { "$@" & running=$!; wait "$running" || return; running=; }
  if [ ! -e "$policy" ]; then made=yes; printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy" || exit; fi
  run apt-get update && run env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}
if [ ${#missing[@]} -gt 0 ]; then
  echo "missing: ${missing[*]}"
  if [ -z "${install:-}" ]; then
    echo "the tests that need them are skipped; ./test.sh --install installs them, as root and with apt-get"
  elif [ "$(id -u)" -eq 0 ] && has apt-get; then
    # In the background, so that test.sh hears a signal at once; its traps end this.
    install "${missing[@]}" > "$private/apt" 2>&1 & installing=$!
    wait "$installing" || { tail -n 5 "$private/apt"; echo "could not be installed; the tests that need them are skipped"; }
    installing=
  else
    echo "not installed here, which takes root and apt-get; the tests that need them are skipped"
  fi
fi

# No package to install: it belongs to systemd itself.
has systemd-socket-activate || echo "missing: systemd-socket-activate; the tests of socket activation are skipped"
