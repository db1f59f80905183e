using System.IO.Pipes;
using Fairlead.Bench.Contenders;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench;

/// <content>The named objects of Windows beside what the platform has.</content>
internal static partial class Rows
{
    private static IEnumerable<Scenario> NamedHandles =>
        [
            new EnteringAlone("handle-mutex-alone", new PlatformMutex(), new HandleMutex { Goal = 1 }),
            new HandingOver("handle-mutex-handover", new PlatformMutex(), new HandleMutex { Goal = 1.2 }),
            new EnteringAlone("handle-wait-any", new AnyEvent(isNamed: false), new AnyEvent(isNamed: true)),
            new RoundTrip(
                "handle-pipe",
                Small,
                TimeSpan.Zero,
                new PlatformPipe(),
                new HandlePipe(PipeTransmissionMode.Byte),
                new HandlePipe(PipeTransmissionMode.Message) { Goal = 1.2 }),
        ];
}
