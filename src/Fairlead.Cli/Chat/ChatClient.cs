using System.Text;
using Fairlead.Cli.Commands;

namespace Fairlead.Cli.Chat;

/// <summary>A client in a room: sends the lines that are typed and shows those that come.</summary>
/// <param name="pair">The connection to the server.</param>
/// <param name="screen">Where a person types and reads.</param>
/// <param name="saysEnd">Whether the other end is told of leaving by a line, as plain C programs and pairs expect it.</param>
internal sealed class ChatClient(Pair pair, IChatScreen screen, bool saysEnd)
{
    /// <summary>Runs until this end leaves or the other one closes.</summary>
    /// <param name="name">The name to take; null for none.</param>
    /// <param name="patience">How long the other end may take to read the last lines; null: as long as it lives.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    public async Task<int> RunAsync(string? name, TimeSpan? patience, CancellationToken cancellationToken)
    {
        var hearing = HearAsync(cancellationToken);
        var speaking = SpeakAsync(name, cancellationToken);
        if (await Task.WhenAny(hearing, speaking) == hearing)
        {
            return await hearing;
        }

        await speaking;
        if (saysEnd)
        {
            // Does not wait: there may be no peer to tell.
            pair.TrySend("end"u8);
        }

        return await Draining.CloseAsync(pair, hearing, patience, cancellationToken);
    }

    private async Task<int> HearAsync(CancellationToken cancellationToken)
    {
        await foreach (var message in pair.ReceiveAllAsync(cancellationToken))
        {
            var line = ChatText.Of(message.Span);
            message.Accept();

            // A bound pair would wait for the next peer.
            if (saysEnd && line == "end")
            {
                break;
            }

            if (line.Length > 0)
            {
                screen.Show(line);
            }
        }

        if (!saysEnd && Refusal() is { } sentAway)
        {
            throw sentAway;
        }

        screen.Show("* the other side has left");
        return ExitCode.Ok;
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
