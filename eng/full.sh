# The full run, or the parts of it that are named: everything, with analyzers, native images, packages, models, broker, tour and samples.
# Sourced by test.sh. Leaves artifacts/full-run.txt: the commit, the counts, and the seconds of each stage.

all_parts=(library tool rpc handles broker docs packages models mutations)
for part in "$@"; do
  [[ " ${all_parts[*]} " == *" $part "* ]] || { echo "test.sh full: $part is not a part; the parts are: ${all_parts[*]}" >&2; exit 2; }
done
parts=("$@"); [ $# -gt 0 ] || parts=("${all_parts[@]}")
has_part() { [[ " ${parts[*]} " == *" $1 "* ]]; }
has_any() { local part; for part; do has_part "$part" && return; done; return 1; }

title "build"
dotnet build Fairlead.slnx -c Release -v minimal || { fail "the build"; end; }

# These tests need none of the native images, and wait for much of their time.
if has_part docs; then begin_tests Fairlead.Docs.Tests; fi
if has_part broker; then begin_tests Fairlead.RabbitMQ.Tests; fi
if has_part rpc; then room 4; begin_tests Fairlead.Rpc.Tests; begin_tests Fairlead.Hosting.Tests; fi

tool=$PWD/artifacts/bin/Fairlead.Cli/release/fairlead peer=
if has_any library tool docs; then
  if ! has clang || ! has_zlib; then
    skip 1 "Native AOT needs clang and zlib1g-dev; the JIT runs the tool and the second processes of the tests"
  elif native_images_are_kept; then
    echo "The native images are kept: they were made from the same files."
    tool=$native_tool peer=$native_peer
  else
    made_from=$(native_hash)
    begin plain native-images nice -n 5 dotnet msbuild eng/Aot.proj -m -v:minimal
    if collect_until native-images; then
      keep_native_images "$made_from"
      tool=$native_tool peer=$native_peer
    fi
  fi
fi
export FAIRLEAD_TOOL=$tool FAIRLEAD_COMPILED_PEER=$peer

if has_part library; then
  if [ -n "$peer" ]; then begin tap library-native "$peer" checks; fi
  room 3; begin_tests Fairlead.Tests
fi
if has_part tool; then
  room 3; begin_tests Fairlead.Cli.Tests
  room 3; begin tap tool tests/Fairlead.Cli.Tests/run.sh "$tool"
fi
if has_part docs; then room 3; begin tap samples tests/Samples/run.sh artifacts/bin "$tool"; fi
if has_part handles; then room 3; begin_tests Fairlead.NamedHandles.Tests; fi
if has_part models; then
  room 3
  begin tap models nice -n 19 eng/kept-tap.sh models "$(hash_of models -- "$(spin -V 2> /dev/null)" "$(clang --version 2> /dev/null)")" models/check.sh
fi
if has_part packages; then
  room 3
  begin tap packages nice -n 5 eng/kept-tap.sh packages "$(hash_of src eng/*.{props,targets,awk,png} eng/notices eng/third-party-notices \
    eng/test-{packages,getting-started}.sh docs/{getting-started.md,hosting.md,named-handles.md,package} LICENSE THIRD-PARTY-NOTICES.txt \
    Directory.* global.json -- "$(dotnet --version)")" eng/test-packages.sh
fi
room 1
if has_part mutations; then begin tap mutations nice -n 5 eng/mutations.sh; room 1; fi

{
  echo "commit $(git rev-parse HEAD 2> /dev/null)$([ -z "$(git status --porcelain 2> /dev/null)" ] || echo ', with changes that are not committed')"
  echo "parts  ${parts[*]}"
  echo "counts $(counts)"
  echo "time   $SECONDS s on $(nproc) processors, $(date -u '+%Y-%m-%d %H:%M UTC')"
  printf '%s\n' "${stages[@]}"
} > artifacts/full-run.txt
end
