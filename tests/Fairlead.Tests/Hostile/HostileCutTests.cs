using System.Net.Sockets;
using System.Text;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Hostile;

/// <summary>A connection without the protocol is cut, or ends, in the middle of a message. Half a message is never handed out.</summary>
public abstract class HostileCutTests(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    private const string Half = "transfer 100";

    /// <summary>Framings, and the bytes of a whole message with half of the next.</summary>
    private static readonly Dictionary<string, byte[]> Cut = new(StringComparer.Ordinal)
    {
        ["framing=line"] = Encoding.ASCII.GetBytes($"whole\n{Half}"),
        ["framing=nul"] = Encoding.ASCII.GetBytes($"whole\0{Half}"),
        ["framing=length"] = Encoding.ASCII.GetBytes($"\0\0\0\u0005whole\0\0\0\u000d{Half}"),
        ["framing=block&size=32"] = Encoding.ASCII.GetBytes($"{"whole".PadRight(32, '\0')}{Half}"),
    };

    public static TheoryData<string> Framings => [.. Cut.Keys];

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task A_message_that_a_cut_connection_left_incomplete_is_an_error(string framing)
    {
        (Pair pair, Socket raw) = await OpenAsync(framing);

        // A socket of the machine reports a cut only if the end that leaves has not read everything.
        await pair.SendAsync("unread"u8.ToArray());
        await Until(() => raw.Available > 0, "the message has arrived");
        raw.Send(Cut[framing]);
        await ExpectWholeAsync(pair);
        raw.Close(0);

        FairleadException error = await Assert.ThrowsAsync<FairleadException>(() => pair.ReceiveAsync(TimeSpan.FromMinutes(1)).AsTask());
        Assert.Equal((ErrorCode.PeerGone, CloseReason.PeerDied), (error.Code, error.Reason));
        Assert.Equal(CloseReason.PeerDied, (await pair.Completion).Reason);
    }

    /// <summary>An end in order completes a line, as in a file whose last line has no newline. Other messages are incomplete.</summary>
    [Theory]
    [MemberData(nameof(Framings))]
    public async Task An_incomplete_message_at_an_orderly_end_is_an_error_unless_the_end_completes_it(string framing)
    {
        (Pair pair, Socket raw) = await OpenAsync(framing);
        raw.Send(Cut[framing]);
        await ExpectWholeAsync(pair);
        raw.Shutdown(SocketShutdown.Send);

        bool endCompletes = framing is "framing=line" or "framing=nul";
        if (endCompletes)
        {
            using Message rest = await pair.ReceiveAsync(TimeSpan.FromMinutes(1));
            Assert.Equal(Half, rest.Text);
        }

        FairleadException error = await Assert.ThrowsAsync<FairleadException>(() => pair.ReceiveAsync(TimeSpan.FromMinutes(1)).AsTask());
        Assert.Equal(endCompletes ? CloseReason.ClosedByPeer : CloseReason.PeerDied, error.Reason);
    }

    private static async Task ExpectWholeAsync(Pair pair)
    {
        using Message whole = await pair.ReceiveAsync(TimeSpan.FromMinutes(1));
        Assert.Equal("whole", whole.Text);
    }

    private async Task<(Pair Pair, Socket Raw)> OpenAsync(string framing)
    {
        (Socket listener, Address address) = Transport.ListenRaw();
        Track(listener);
        Task<Pair> connecting = Pair.ConnectAsync(With(address, framing)).AsTask();
        Socket raw = Track(await listener.AcceptAsync());
        return (Track(await connecting), raw);
    }
}
