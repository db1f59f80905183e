using System.Text;

namespace Fairlead.Cli.Services;

/// <summary>Asks a service of dates and times.</summary>
internal static class TimeClient
{
    private const int Longest = 1024;

    /// <summary>Returns the whole answer of the service.</summary>
    /// <exception cref="FairleadException">NotFound, PeerGone: the service sent nothing.</exception>
    public static async Task<byte[]> AskAsync(
        ServiceKind kind, Address address, EndpointOptions options, CancellationToken cancellationToken)
    {
        bool speaksFairlead = address.Scheme is "shm" || address.Option("reliable") == "true";
        bool isDatagram = address.Scheme == "udp" && !speaksFairlead;
        Address plain = speaksFairlead || address.Option("framing") is not null ? address : address.With("framing", "none");
        if (address.Scheme == "fifo" && !address.Place.Contains(','))
        {
            await using Receiver receiver = await Receiver.ConnectAsync(plain, options, cancellationToken);
            return await ReadAsync(kind, receiver.ReceiveAsync, address, isDatagram, cancellationToken);
        }

        await using Pair pair = await Pair.ConnectAsync(plain, options, cancellationToken);
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

        return kind != ServiceKind.Time || answer.Count >= 4
            ? [.. answer]
            : throw new ToolException(
                ExitCode.Failure, $"{address} answered {answer.Count} bytes, and a time has 4. Is it a time service?");
    }

    private static bool IsWhole(ServiceKind kind, List<byte> answer) => kind switch
    {
        ServiceKind.Time => answer.Count >= 4,
        ServiceKind.Date => answer.Contains(0),
        _ => answer.Contains((byte)'\n'),
    };
}
