using Fairlead.Bench.Contenders;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench;

/// <content>TLS, beside the stream that it stands on.</content>
internal static partial class Rows
{
    private static IEnumerable<Scenario> Encrypted =>
        [
            new OneWay("tls-stream", Small, new TlsStream(), new FairleadStream("tls") { Goal = 3 }),
            new OneWay("tls-stream-4k", 4 * Kibibyte, new TlsStream(), new FairleadStream("tls") { Goal = 1 / 1.1 }),
            new OneWay("tls-stream-16k", 16 * Kibibyte, new TlsStream(), new FairleadStream("tls") { Goal = 1 / 1.1 }),
            new OneWay("tls-stream-32k", 32 * Kibibyte, new TlsStream(), new FairleadStream("tls")),
            new OneWay("tls-bandwidth", Large, new TlsStream(), new FairleadStream("tls") { Goal = 1 / 1.1 }),
            new RoundTrip("tls-call", Small, TimeSpan.Zero, new TlsCalls(), new FairleadCalls("tls") { Goal = 1.3 }),
        ];
}
