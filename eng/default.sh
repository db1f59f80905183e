# The default run: everything that a change is likely to break, in minutes on two processors. Sourced by test.sh.

title "build"
dotnet build eng/Default.slnf -c Release -v minimal "${without_analyzers[@]}" || { fail "the build"; end; }

title "compile the tool and the second processes"
tool= peer=
if native_images_are_kept; then
  echo "The native images are kept: they were made from the same files."
  tool=$native_tool peer=$native_peer
elif dotnet msbuild eng/ReadyToRun.proj -m -v:minimal; then
  tool=$PWD/artifacts/publish/Fairlead.Cli.ReadyToRun/release/fairlead
  peer=$PWD/artifacts/publish/Fairlead.TestPeer.ReadyToRun/release/Fairlead.TestPeer
else
  fail "compiling ahead of time"; end
fi
export FAIRLEAD_TOOL=$tool FAIRLEAD_COMPILED_PEER=$peer

# The longest first. Most tests wait for most of their time: two assemblies share two processors well.
for name in Fairlead.Tests Fairlead.Rpc.Tests Fairlead.Docs.Tests Fairlead.Hosting.Tests Fairlead.RabbitMQ.Tests Fairlead.NamedHandles.Tests Fairlead.Cli.Tests; do
  room 2
  begin_tests "$name" -trait- Run=full
done
room 2
begin tap samples tests/Samples/run.sh artifacts/bin "$tool" tests/Samples/start.test.sh
room 2
begin tap tool tests/Fairlead.Cli.Tests/run.sh "$tool" tests/Fairlead.Cli.Tests/{start,shells,cookbook}.test.sh
room 1

end
