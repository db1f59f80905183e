using System.Text;
using Fairlead.Cli.Commands;
using Fairlead.Cli.Commands.Messaging;

namespace Fairlead.Cli.Chat;

/// <summary>A client in a room: sends the lines that are typed and shows those that come.</summary>
/// <param name="pair">The connection to the server.</param>
/// <param name="screen">Where a person types and reads.</param>
/// <param name="saysEnd">Whether the other end is told of leaving by a line, as plain C programs and pairs expect it.</param>
internal sealed class ChatClient(Pair pair, IChatScreen screen, bool saysEnd)
{
    private volatile PeerLeft? _left;
    private volatile bool _isLeaving;

    /// <summary>Runs until this end leaves or the other one closes.</summary>
    /// <param name="name">The name to take; null for none.</param>
    /// <param name="patience">How long the other end may take to read the last lines; null: as long as it lives.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    public async Task<int> RunAsync(string? name, TimeSpan? patience, CancellationToken cancellationToken)
    {
        // A bound pair would wait for the next peer, and send it what was typed for the one that has left.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        EventHandler<PeerLeft> leave = (_, left) =>
        {
            if (!_isLeaving && left.Reason != CloseReason.ClosedByUs)
            {
                _left = left;
                _ = end.CancelAsync();
            }
        };
        if (pair.IsBound)
        {
            pair.PeerLeft += leave;
        }

        try
        {
            return await TalkAsync(name, patience, end.Token, cancellationToken);
        }
        finally
        {
            pair.PeerLeft -= leave;
        }
    }

    private async Task<int> TalkAsync(string? name, TimeSpan? patience, CancellationToken left, CancellationToken cancellationToken)
    {
        var hearing = HearAsync(left);
        var speaking = SpeakAsync(name, cancellationToken);
        if (await Task.WhenAny(hearing, speaking) == hearing)
        {
            return await hearing;
        }

        await speaking;
        _isLeaving = true;
        if (saysEnd)
        {
            // Does not wait: there may be no peer to tell.
            pair.TrySend("end"u8);
        }

        return await Draining.CloseAsync(pair, hearing, patience, cancellationToken);
    }

    private async Task<int> HearAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var message in pair.ReceiveAllAsync(cancellationToken))
            {
                if (!Show(message))
                {
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (_left is not null)
        {
            // The last lines of the peer that has left.
            while (pair.TryReceive(out var message) && Show(message))
            {
            }
        }

        if (_left is { Reason: CloseReason.PeerDied })
        {
            screen.Show("* the other side has died");
            return ExitCode.PeerGone;
        }

        if (!saysEnd && Refusal() is { } sentAway)
        {
            throw sentAway;
        }

        // The other side ends because this one has said that it leaves.
        if (!_isLeaving)
        {
            screen.Show("* the other side has left");
        }

        return ExitCode.Ok;
    }

    /// <summary>Shows a line; false if it says that the other side leaves.</summary>
    private bool Show(Message message)
    {
        var line = ChatText.Of(message.Span);
        message.Accept();
        if (saysEnd && line == "end")
        {
            return false;
        }

        if (line.Length > 0)
        {
            screen.Show(line);
        }

        return true;
    }

    /// <summary>
    /// Returns the error of a client that the room has sent away; null after an end in order. Only a send is told the reason.
    /// </summary>
    private FairleadException? Refusal()
    {
        try
        {
            pair.Send("end"u8, TimeSpan.Zero);
        }
        catch (FairleadException exception)
        {
            return exception.WhatHappened.Contains(ChatRoom.SentAway, StringComparison.Ordinal) ? exception : null;
        }
        catch (ObjectDisposedException)
        {
            // This end has left.
        }

        return null;
    }

    private async Task SpeakAsync(string? name, CancellationToken cancellationToken)
    {
        if (name is not null)
        {
            await pair.SendAsync(Encoding.UTF8.GetBytes($"/name {name}"), cancellationToken);
        }

        while (await screen.ReadAsync(cancellationToken) is { } line && ChatLine.Parse(line).Verb != ChatVerb.Leave)
        {
            if (line.Length > 0)
            {
                await SendAsync(line, cancellationToken);
            }
        }
    }

    private async Task SendAsync(string line, CancellationToken cancellationToken)
    {
        if (_left is not null)
        {
            screen.Show("* the line was not sent: the other side has left");
            return;
        }

        try
        {
            await pair.SendAsync(Encoding.UTF8.GetBytes(line), cancellationToken);
        }
        catch (FairleadException exception) when (exception.Code == ErrorCode.TooLarge)
        {
            screen.Show("* the line was not sent: it is longer than the other end accepts");
        }
    }
}
