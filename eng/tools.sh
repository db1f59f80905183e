# Looks for the programs that the tests need, and installs what is missing if that is possible. Sourced by test.sh.

missing=()
has() { command -v "$1" > /dev/null; }
has_zlib() { compgen -G '/usr/include/zlib.h' > /dev/null || compgen -G '/usr/include/*/zlib.h' > /dev/null; }
has clang || missing+=(clang)
has_zlib || missing+=(zlib1g-dev)
for tool in nc:netcat-openbsd socat:socat strace:strace bc:bc spin:spin; do
  has "${tool%%:*}" || missing+=("${tool##*:}")
done
[ -x "${FAIRLEAD_RABBITMQ:-/usr/lib/rabbitmq/bin}/rabbitmq-server" ] || missing+=(rabbitmq-server)

# Installs packages, and starts no service of theirs: the tests start a broker that is theirs alone.
install() {
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy" && made=1; fi
  apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
  local code=$?
  [ -z "$made" ] || rm -f "$policy"
  return $code
}
if [ ${#missing[@]} -gt 0 ]; then
  echo "missing: ${missing[*]}"
  if [ "$(id -u)" -eq 0 ] && has apt-get; then
    install "${missing[@]}" > "$private/apt" 2>&1 \
      || { tail -n 5 "$private/apt"; echo "could not be installed; the tests that need them are skipped"; }
  else
    echo "not installed here, which takes root and apt-get; the tests that need them are skipped"
  fi
fi

# No package to install: it belongs to systemd itself.
has systemd-socket-activate || echo "missing: systemd-socket-activate; the tests of socket activation are skipped"
