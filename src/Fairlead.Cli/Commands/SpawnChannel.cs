using System.CommandLine;
using System.Globalization;
using Fairlead.Cli.Commands.Messaging;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;
using Fairlead.Processes;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.Cli.Commands;

/// <summary>A talk with a child over its channel: sends lines of stdin, prints its messages to stdout.</summary>
internal sealed class SpawnChannel
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly Dictionary<string, ChannelKind> Kinds = new()
    {
        ["none"] = ChannelKind.None,
        ["duplex"] = ChannelKind.Duplex,
        ["pipes"] = ChannelKind.Pipes,
        ["to-child"] = ChannelKind.ToChild,
        ["from-child"] = ChannelKind.FromChild,
    };

    private readonly Option<string> _kind = new("--channel")
    {
        Description =
            "Talk to it over descriptor 3 (and 4), named by its FAIRLEAD_FD: send lines of stdin, print its messages to stdout",
        HelpName = string.Join('|', Kinds.Keys),
        DefaultValueFactory = static _ => "none",
    };
    private readonly Option<string> _framing = new("--framing")
    {
        Description = "Framing of the channel, for a program without Fairlead's protocol: line, nul, length, none",
        HelpName = "FRAMING",
        DefaultValueFactory = static _ => "fairlead",
    };

    // The pipe to the child once more, for reading what it leaves there. It keeps the pipe alive after the child's end.
    private SafeFileHandle? _rest;
    private bool _isLost;

    public static SpawnChannel AddTo(ToolCommand command)
    {
        var channel = new SpawnChannel();
        channel._kind.AcceptOnlyFromAmong([.. Kinds.Keys]);
        channel._framing.AcceptOnlyFromAmong("fairlead", "line", "nul", "length", "none");
        command.Add(channel._kind);
        command.Add(channel._framing);
        return channel;
    }

    /// <summary>Sets the channel, and keeps stdin from the child if the talk needs it.</summary>
    public ChildProcessOptions Apply(ParseResult parsed, ChildProcessOptions options)
    {
        var kind = Kind(parsed);
        if (kind is not (ChannelKind.None or ChannelKind.FromChild))
        {
            // Before the child starts: it would wait for lines that never come.
            Cli.Input.StandardInput.ThrowIfClosed();
        }

        return options with
        {
            Channel = kind,
            StandardInput = kind is ChannelKind.None or ChannelKind.FromChild ? Redirection.Inherit : Redirection.Null,
        };
    }

    /// <summary>Talks until the child has closed, or stdin has ended and the child knows that.</summary>
    public async Task TalkAsync(ParseResult parsed, ChildProcess child, CancellationToken cancellationToken)
    {
        var kind = Kind(parsed);
        if (kind == ChannelKind.None)
        {
            return;
        }

        var address = child.Address.With("framing", parsed.GetRequiredValue(_framing));
        var isStream = address.Option("framing") == "none";

        // A program without Fairlead may answer when it has read everything, and has sent everything when it ends.
        var isForeign = address.Option("framing") != "fairlead";
        if (kind == ChannelKind.ToChild || (isForeign && kind == ChannelKind.Pipes))
        {
            // Nothing comes back that would tell how much the child has read. The last number is that of the pipe to the child.
            var number = child.Address.Place.Split(',')[^1];
            _rest = File.OpenHandle($"/proc/self/fd/{number}", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        }

        Talk talk = new(Input(kind, isStream), MessageOutput.Of(isStream, "text"), null, Keeps: isForeign, TellsEnd: isForeign);
        try
        {
            switch (kind)
            {
                case ChannelKind.ToChild:
                    await using (var sender = await Sender.ConnectAsync(address, cancellationToken: cancellationToken))
                    {
                        while (await talk.ReadAsync(cancellationToken) is { } message)
                        {
                            await sender.SendAsync(message, cancellationToken);
                        }

                        _isLost = await Draining.CloseAsync(sender, null, cancellationToken) != ExitCode.Ok;
                    }

                    break;
                case ChannelKind.FromChild:
                    await using (var receiver = await Receiver.ConnectAsync(address, cancellationToken: cancellationToken))
                    {
                        await Incoming.WriteAsync(receiver.ReceiveAllAsync, talk.Output, null, null, receiver, cancellationToken);
                    }

                    break;
                default:
                    await using (var pair = await Pair.ConnectAsync(address, cancellationToken: cancellationToken))
                    {
                        await TalkAsync(pair, talk, isForeign, cancellationToken);
                    }

                    break;
            }
        }
        catch (FairleadException gone) when (gone.Code == ErrorCode.PeerGone)
        {
            // It has closed or ended; its exit code tells how.
        }
    }

    private async Task TalkAsync(Pair pair, Talk talk, bool isForeign, CancellationToken cancellationToken)
    {
        try
        {
            _isLost = await PairTalk.RunAsync(pair, talk, null, cancellationToken) != ExitCode.Ok;
        }
        catch (FairleadException gone) when (gone.Code == ErrorCode.PeerGone)
        {
            if (!isForeign)
            {
                // The report tells which messages the child has read.
                _isLost = await Draining.CloseAsync(pair, Patience, cancellationToken) != ExitCode.Ok;
            }
            else if (_rest is null)
            {
                // A socket ends in this way only if something in it was not read, or could not be written any more.
                _isLost = true;
                ErrorLine.Write("the child ended before it had read all of its channel");
            }
        }
    }

    /// <summary>Prints what the child has sent before it ended. If another process still has its end, the wait is short.</summary>
    /// <returns>Whether the child has read everything; if not, that is told on stderr.</returns>
    public async Task<bool> EndAsync(ParseResult parsed, Task talking, CancellationTokenSource end)
    {
        using var rest = _rest;
        await EndTalkAsync(parsed, talking, end);
        if (rest is not null && await UnreadAsync(rest, talking) is > 0 and var bytes)
        {
            _isLost = true;
            ErrorLine.Write(string.Create(CultureInfo.InvariantCulture, $"the child ended with {bytes} bytes of its channel unread"));
        }

        return !_isLost;
    }

    // The writing end is closed when the talk has ended, so this reads to the end of the pipe.
    private static async Task<long> UnreadAsync(SafeFileHandle rest, Task talking)
    {
        await Task.WhenAny(talking, Task.Delay(Patience, TimeProvider.System));
        if (!talking.IsCompleted)
        {
            return 0;
        }

        return await Task.Run(() =>
        {
            using FileStream pipe = new(rest, FileAccess.Read, bufferSize: 0);
            var buffer = new byte[64 * 1024];
            long all = 0;
            while (pipe.Read(buffer) is > 0 and var some)
            {
                all += some;
            }

            return all;
        });
    }

    private async Task EndTalkAsync(ParseResult parsed, Task talking, CancellationTokenSource end)
    {
        try
        {
            if (Kind(parsed) != ChannelKind.ToChild)
            {
                await Task.WhenAny(talking, Task.Delay(Patience, TimeProvider.System, end.Token));
            }

            await end.CancelAsync();
            if (talking.IsCompleted)
            {
                await talking;
            }
        }
        catch (OperationCanceledException)
        {
            // Interrupted, or the child ended before it sent anything.
        }
    }

    /// <summary>Returns the source of the messages to the child; a child that only sends gets none.</summary>
    private static Func<CancellationToken, ValueTask<ReadOnlyMemory<byte>?>> Input(ChannelKind kind, bool isStream)
    {
        if (kind == ChannelKind.FromChild)
        {
            return static _ => default;
        }

        return isStream ? new ChunkReader().ReadAsync : new LineReader().ReadAsync;
    }

    private ChannelKind Kind(ParseResult parsed) => Kinds[parsed.GetRequiredValue(_kind)];
}
