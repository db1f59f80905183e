using System.Buffers;
using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <content>To one client, and to all.</content>
public sealed partial class Hub
{
    private FanOut _fanOut;

    /// <summary>Type 1 to one client, without waiting.</summary>
    /// <param name="client">Whom.</param>
    /// <param name="message">Copied before this returns.</param>
    /// <returns>Sent; Full when the client has not read enough yet; PeerGone when it has left.</returns>
    /// <exception cref="FairleadException">TooLarge: the client does not take so long a message.</exception>
    public SendResult TrySend(HubClient client, ReadOnlySpan<byte> message)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.ThrowIfClosing();
        SendResult result = Outbox.TryTo(client.Link, message);
        return result == SendResult.NoPeer ? SendResult.PeerGone : result;
    }

    /// <summary>Type 1 to one client: completes when it is buffered.</summary>
    /// <param name="client">Whom.</param>
    /// <param name="message">Copied before this returns, where it must wait.</param>
    /// <param name="cancellationToken">Ends the wait; the message is then not sent.</param>
    /// <exception cref="FairleadException">PeerGone: the client has left. Full: with <see cref="OverflowPolicy.Fail"/>.</exception>
    public ValueTask SendAsync(HubClient client, ReadOnlySpan<byte> message, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        if (Core.Policy.Drops())
        {
            ArgumentNullException.ThrowIfNull(client);
            return Outbox.PostAsync(client.Link, message);
        }

        return TrySend(client, message) == SendResult.Sent ? default : Outbox.SendOnAsync(client.Link, message, cancellationToken);
    }

    /// <summary>Type 1 to one client: completes when it is buffered or, where it is long, written out of the memory given.</summary>
    /// <param name="client">The client.</param>
    /// <param name="message">Must stay as it is until completion.</param>
    /// <param name="cancellationToken">Ends the wait; the message is then not sent, unless it is half written.</param>
    /// <inheritdoc cref="SendAsync(HubClient, ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask SendAsync(HubClient client, ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
        SendAsync(client, new ReadOnlySequence<byte>(message), cancellationToken);

    /// <summary>Type 1 to one client, blocking: waits until it is buffered.</summary>
    /// <exception cref="FairleadException">Timeout. PeerGone: the client has left. Full: with
    /// <see cref="OverflowPolicy.Fail"/>.</exception>
    public void Send(HubClient client, ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Core.Policy.Drops())
        {
            ArgumentNullException.ThrowIfNull(client);
            Outbox.PostOrThrow(client.Link, message);
        }
        else if (TrySend(client, message) != SendResult.Sent)
        {
            Outbox.SendOn(client.Link, message, timeout, cancellationToken);
        }
    }

    /// <summary>Type 2 to one client, blocking: waits for its receipt.</summary>
    /// <inheritdoc cref="Sender.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns"/>
    public Delivery Deliver(
        HubClient client, ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.RequireProtocol();
        return Outbox.DeliverOn(client.Link, message, timeout, cancellationToken);
    }

    /// <summary>Type 2 to one client: completes when its receipt is in, or is known not to come.</summary>
    /// <inheritdoc cref="Sender.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns"/>
    public ValueTask<Delivery> DeliverAsync(
        HubClient client, ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.RequireProtocol();
        return Outbox.DeliverOnAsync(client.Link, message, timeout, cancellationToken);
    }

    /// <summary>Type 2 to one client: completes when its receipt is in. The memory must stay as it is until then.</summary>
    /// <inheritdoc cref="Sender.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask<Delivery> DeliverAsync(
        HubClient client, ReadOnlyMemory<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        DeliverAsync(client, new ReadOnlySequence<byte>(message), timeout, cancellationToken);

    /// <summary>
    /// Type 1 to all clients, or all but one. Waits for nobody, unless it was told to: a client whose queue is full is disconnected as
    /// <see cref="CloseReason.SlowConsumer"/>, and one that does not take so long a message as <see cref="CloseReason.Limit"/>. With
    /// <see cref="EndpointOptions.OverflowPolicy"/> the former is done that instead; <see cref="OverflowPolicy.Wait"/> blocks.
    /// </summary>
    /// <param name="message">Copied before this returns.</param>
    /// <param name="except">A client that does not get it: mostly the one that said it.</param>
    /// <param name="cancellationToken">Ends the wait, where there is one; whoever was waited for then does not get the message.</param>
    /// <returns>To how many clients it was sent.</returns>
    /// <exception cref="FairleadException">
    /// Full: with <see cref="OverflowPolicy.Fail"/>, when a client had no room; the others have got the message.
    /// </exception>
    public int Broadcast(ReadOnlySpan<byte> message, HubClient? except = null, CancellationToken cancellationToken = default)
    {
        int count = Start(message, except, out List<Link>? waiting);
        foreach (Link link in waiting ?? [])
        {
            count +=
                Outbox.CallOn(link, MessageHeader.Of(MessageKind.Send), default, message, Deadline.Infinite, cancellationToken).Outcome
                == LinkOutcome.Sent
                    ? 1
                    : 0;
        }

        return count;
    }

    /// <summary>Type 1 to all clients, or all but one. Completes at once, or with <see cref="OverflowPolicy.Wait"/> when all had
    /// room.</summary>
    /// <inheritdoc cref="Broadcast(ReadOnlySpan{byte}, HubClient?, CancellationToken)"/>
    public ValueTask<int> BroadcastAsync(
        ReadOnlySpan<byte> message, HubClient? except = null, CancellationToken cancellationToken = default)
    {
        int count = Start(message, except, out List<Link>? waiting);
        return waiting is null ? new ValueTask<int>(count) : FinishAsync(count, waiting, message.ToArray(), cancellationToken);
    }

    /// <inheritdoc cref="BroadcastAsync(ReadOnlySpan{byte}, HubClient?, CancellationToken)"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask<int> BroadcastAsync(
        ReadOnlyMemory<byte> message, HubClient? except = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync(message.Span, except, cancellationToken);

    /// <summary>Sends what a client said to all others.</summary>
    /// <inheritdoc cref="BroadcastAsync(ReadOnlySpan{byte}, HubClient?, CancellationToken)"
    ///     path="/returns|/param[@name='except']|/param[@name='token']|/exception"/>
    public ValueTask<int> BroadcastAsync(Message message, HubClient? except = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync(message.Span, except, cancellationToken);

    /// <summary>Sends to all who have room, or a policy that drops; those to be waited for are given back.</summary>
    private int Start(ReadOnlySpan<byte> message, HubClient? except, out List<Link>? waiting)
    {
        Outbox.ThrowIfClosing();
        Outbox outbox = new(Core, _fanOut.Begin());
        waiting = null;
        int count = 0;
        List<Link>? full = null;
        foreach (Link link in Core.LinkSnapshot)
        {
            if (link.State != LinkState.Up || link == except?.Link || link.Tag is null)
            {
                continue;
            }

            if (!link.Sending.Takes(message.Length))
            {
                // One that announces a small limit must not keep the message from the others.
                link.Sending.CountMissed();
                link.Kill(CloseReason.Limit, $"a message of {message.Length} bytes was broadcast, and it takes less");
            }
            else if (Core.Policy.Drops())
            {
                count += outbox.Post(link, MessageKind.Send, default, message).Outcome == LinkOutcome.Sent ? 1 : 0;
            }
            else
            {
                switch (outbox.TrySendOn(link, MessageKind.Send, default, message))
                {
                    case SendResult.Sent:
                        count++;
                        break;
                    case SendResult.Full:
                        (full ??= []).Add(link);
                        break;
                }
            }
        }

        _fanOut.End();
        if (full is null)
        {
            return count;
        }

        switch (Core.Settings.Full)
        {
            case OverflowPolicy.Wait:
                waiting = full;
                return count;
            case OverflowPolicy.Fail:
                throw new FairleadException(
                    ErrorCode.Full,
                    $"{string.Join(", ", full.Select(static link => link.Tag))} had no room for a message that was broadcast",
                    "The others have got it. Disconnect who is too slow, or choose another ?full= than fail.")
                {
                    Address = Address,
                };
            default:
                foreach (Link link in full)
                {
                    link.Sending.CountMissed();
                    link.Kill(CloseReason.SlowConsumer, "its queue was full when a message was broadcast");
                }

                return count;
        }
    }

    private async ValueTask<int> FinishAsync(int count, List<Link> waiting, byte[] message, CancellationToken cancellationToken)
    {
        Task<LinkResult>[] calls = new Task<LinkResult>[waiting.Count];
        for (int i = 0; i < calls.Length; i++)
        {
            calls[i] = CallAsync(waiting[i], message, cancellationToken);
        }

        // All are waited for, whatever becomes of one.
        return count + (await Task.WhenAll(calls).ConfigureAwait(false)).Count(static result => result.Outcome == LinkOutcome.Sent);
    }

    /// <summary>An error that comes at once is the task's, too.</summary>
    private async Task<LinkResult> CallAsync(Link link, byte[] message, CancellationToken cancellationToken) =>
        await Outbox.CallOnAsync(
            link, MessageHeader.Of(MessageKind.Send), default, default, message, null, cancellationToken).ConfigureAwait(false);
}
