using System.Text;

namespace Fairlead.Cli.Services;

/// <summary>Asks a service of dates and times.</summary>
internal static class TimeClient
{
    private const int Longest = 1024;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns the whole answer of the service.</summary>
    /// <param name="kind">The service.</param>
    /// <param name="address">Where it listens.</param>
    /// <param name="options">The options of the connection.</param>
    /// <param name="connected">Called with the connected endpoint, where there is one, before it is asked.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="FairleadException">NotFound, PeerGone: the service sent nothing.</exception>
    public static async Task<byte[]> AskAsync(
        ServiceKind kind,
        Address address,
        EndpointOptions options,
        Action<MessagingEndpoint> connected,
        CancellationToken cancellationToken)
    {
        if (address.Scheme == "unixgram")
        {
            TimeSpan wait = options.ConnectTimeout;
            return await Task.Run(() => AskByDatagram(kind, address, wait, cancellationToken), cancellationToken);
        }

        bool speaksFairlead = address.Scheme is "shm" || address.Option("reliable") == "true";
        bool isDatagram = address.Scheme == "udp" && !speaksFairlead;
        Address plain = speaksFairlead || address.Option("framing") is not null ? address : address.With("framing", "none");
        if (address.Scheme == "fifo" && !address.Place.Contains(','))
        {
            await using Receiver receiver = await Receiver.ConnectAsync(plain, options, cancellationToken);
            return await ReadAsync(kind, receiver.ReceiveAsync, address, isDatagram, cancellationToken);
        }

        await using Pair pair = await Pair.ConnectAsync(plain, options, cancellationToken);
        connected(pair);
        if (isDatagram)
        {
            // The service ignores the content. Fairlead sends no empty datagrams with framing=none.
            await pair.SendAsync("\n"u8, cancellationToken);
        }

        return await ReadAsync(kind, pair.ReceiveAsync, address, isDatagram, cancellationToken);
    }

    /// <summary>The answer as text.</summary>
    public static string Text(ServiceKind kind, byte[] answer, TimeZoneInfo zone) =>
        kind == ServiceKind.Time
            ? TimeTexts.Text(TimeTexts.MomentOf(answer), zone)
            : Encoding.UTF8.GetString(answer).TrimEnd('\0', '\r', '\n');

    private static async Task<byte[]> ReadAsync(
        ServiceKind kind,
        Func<CancellationToken, ValueTask<Message>> receive,
        Address address,
        bool isDatagram,
        CancellationToken cancellationToken)
    {
        List<byte> answer = [];
        try
        {
            while (!IsWhole(kind, answer) && answer.Count < Longest)
            {
                using Message message = await receive(cancellationToken);
                answer.AddRange(message.Span);
                message.Accept();
                if (isDatagram)
                {
                    break;
                }
            }
        }
        catch (FairleadException end) when (end.Code == ErrorCode.PeerGone && answer.Count > 0 && kind != ServiceKind.Time)
        {
            // The end of a text.
        }

        return Checked(kind, address, [.. answer]);
    }

    // The service answers the name of the client: one that goes with the process.
    private static byte[] AskByDatagram(ServiceKind kind, Address address, TimeSpan wait, CancellationToken cancellationToken)
    {
        using DatagramSocket own = DatagramSocket.Bind($"unixgram://@fairlead-get-{Guid.NewGuid():N}");
        using WaitSet waiting = new();
        waiting.Attach(own.Handle, Readiness.Readable);
        long began = TimeProvider.System.GetTimestamp();
        while (!TrySend(own, address, () => TimeProvider.System.GetElapsedTime(began) < wait))
        {
            cancellationToken.WaitHandle.WaitOne(Pause);
            cancellationToken.ThrowIfCancellationRequested();
        }

        ReadOnlySpan<byte> answer;
        while (!own.TryReceive(out answer))
        {
            waiting.Wait(cancellationToken: cancellationToken);
        }

        return Checked(kind, address, answer.ToArray());
    }

    // False: the queue of the service is full, or it may still begin. The kernel tells neither.
    private static bool TrySend(DatagramSocket own, Address address, Func<bool> mayBegin)
    {
        try
        {
            return own.TrySend(address, "\n"u8);
        }
        catch (FairleadException missing) when (missing.Code == ErrorCode.NotFound && mayBegin())
        {
            return false;
        }
    }

    private static byte[] Checked(ServiceKind kind, Address address, byte[] answer) =>
        kind != ServiceKind.Time || answer.Length >= 4
            ? answer
            : throw new ToolException(
                ExitCode.Failure, $"{address} answered {answer.Length} bytes, and a time has 4. Is it a time service?");

    private static bool IsWhole(ServiceKind kind, List<byte> answer) => kind switch
    {
        ServiceKind.Time => answer.Count >= 4,
        ServiceKind.Date => answer.Contains(0),
        _ => answer.Contains((byte)'\n'),
    };
}
