using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead;

/// <content>Sending to one client, and to all.</content>
public sealed partial class Hub
{
    /// <summary>Sends a message to one client (type 1), without waiting.</summary>
    /// <param name="client">The client to send to.</param>
    /// <param name="message">The payload. Copied before this returns.</param>
    /// <returns>Sent; Full when the client has not read enough yet; PeerGone when the client has left.</returns>
    /// <exception cref="FairleadException">TooLarge: the message is longer than the client accepts.</exception>
    public SendResult TrySend(HubClient client, ReadOnlySpan<byte> message)
    {
        ArgumentNullException.ThrowIfNull(client);
        SendResult result = Outbox.TrySend(client.Link, message);
        return result == SendResult.NoPeer ? SendResult.PeerGone : result;
    }

    /// <summary>Sends a message to one client (type 1). Completes when it is buffered.</summary>
    /// <param name="client">The client to send to.</param>
    /// <param name="message">The payload. Copied before this returns if the message has to wait.</param>
    /// <param name="cancellationToken">Ends the wait. The message is then not sent.</param>
    /// <exception cref="FairleadException">PeerGone: the client has left. Full: with <see cref="OverflowPolicy.Fail"/>.</exception>
    public ValueTask SendAsync(HubClient client, ReadOnlySpan<byte> message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return Outbox.SendToAsync(client.Link, message, cancellationToken);
    }

    /// <summary>Sends a message to one client (type 1). Completes when it is buffered.</summary>
    /// <remarks>A long message is written from the memory given, without a copy.</remarks>
    /// <param name="client">The client to send to.</param>
    /// <param name="message">The payload. It must not change until completion.</param>
    /// <param name="cancellationToken">Ends the wait. The message is then not sent, unless part of it is already written.</param>
    /// <inheritdoc cref="SendAsync(HubClient, ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask SendAsync(HubClient client, ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return Outbox.SendToAsync(client.Link, message, cancellationToken);
    }

    /// <summary>Sends a message to one client (type 1). Blocks until it is buffered.</summary>
    /// <exception cref="FairleadException">
    /// Timeout. PeerGone: the client has left. Full: with <see cref="OverflowPolicy.Fail"/>.
    /// </exception>
    public void Send(HubClient client, ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.SendTo(client.Link, message, timeout, cancellationToken);
    }

    /// <summary>Sends a message to one client (type 2). Blocks until its receipt arrives.</summary>
    /// <inheritdoc cref="Sender.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns"/>
    public Delivery Deliver(
        HubClient client, ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.RequireProtocol();
        return Outbox.Deliver(client.Link, message, timeout, cancellationToken);
    }

    /// <summary>Sends a message to one client (type 2). Completes with its receipt, or when none can arrive.</summary>
    /// <inheritdoc cref="Sender.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns"/>
    public ValueTask<Delivery> DeliverAsync(
        HubClient client, ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.RequireProtocol();
        return Outbox.DeliverAsync(client.Link, message, timeout, cancellationToken);
    }

    /// <summary>Sends a message to one client (type 2). Completes when its receipt arrives.</summary>
    /// <remarks>The payload must not change until then.</remarks>
    /// <inheritdoc cref="Sender.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask<Delivery> DeliverAsync(
        HubClient client, ReadOnlyMemory<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.RequireProtocol();
        return Outbox.DeliverAsync(client.Link, message, timeout, cancellationToken);
    }

    /// <summary>Sends a message to all clients, or to all but one (type 1).</summary>
    /// <remarks>
    /// By default a broadcast does not wait. It disconnects a client whose queue is full as <see cref="CloseReason.SlowConsumer"/>. It
    /// disconnects a client that does not accept a message of this length as <see cref="CloseReason.Limit"/>. A policy in
    /// <see cref="EndpointOptions.OverflowPolicy"/> applies to full queues instead; <see cref="OverflowPolicy.Wait"/> blocks.
    /// </remarks>
    /// <param name="message">The payload. Copied before this returns.</param>
    /// <param name="except">A client that does not get the message, usually its author.</param>
    /// <param name="cancellationToken">Ends the wait, if there is one. Clients still without capacity then miss the message.</param>
    /// <returns>The number of clients it was sent to.</returns>
    /// <exception cref="FairleadException">
    /// Full: with <see cref="OverflowPolicy.Fail"/>, when the queue of a client was full. The others have received the message.
    /// </exception>
    public int Broadcast(ReadOnlySpan<byte> message, HubClient? except = null, CancellationToken cancellationToken = default)
    {
        int count = Start(message, except, out List<Link>? waiting);
        ExceptionDispatchInfo? failed = null;
        foreach (Link link in waiting ?? [])
        {
            try
            {
                LinkResult result = Outbox.Call(
                    link, new OutgoingMessage(MessageKind.Send, message), Deadline.Infinite, cancellationToken);
                count += result.Outcome == LinkOutcome.Sent ? 1 : 0;
            }
            catch (Exception exception)
            {
                // Go on: the clients behind this one may have capacity by now. After a cancellation, none of these calls waits.
                link.LinkSender.CountMissed();
                failed ??= ExceptionDispatchInfo.Capture(exception);
            }
        }

        failed?.Throw();
        return count;
    }

    /// <summary>Sends a message to all clients, or to all but one (type 1). Completes immediately.</summary>
    /// <remarks>With <see cref="OverflowPolicy.Wait"/> it completes when all clients have had capacity.</remarks>
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

    /// <summary>Sends a client's message on to all other clients.</summary>
    /// <inheritdoc cref="BroadcastAsync(ReadOnlySpan{byte}, HubClient?, CancellationToken)"
    ///     path="/returns|/param[@name='except']|/param[@name='cancellationToken']|/exception"/>
    public ValueTask<int> BroadcastAsync(Message message, HubClient? except = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync(message.Span, except, cancellationToken);

    /// <summary>Sends to every client, adds those without capacity to the list, and returns the number of the others.</summary>
    private int GiveAll(in Outbox outbox, ReadOnlySpan<byte> message, HubClient? except, ref List<Link>? full)
    {
        int count = 0;
        GivingFailures failures = default;
        foreach (Link link in Core.LinkSnapshot)
        {
            if (link.State != LinkState.Up || link == except?.Link || link.Tag is null)
            {
                continue;
            }

            try
            {
                count += Give(link, outbox, message, ref full) ? 1 : 0;
            }
            catch (Exception exception) when (exception is not ObjectDisposedException)
            {
                failures.Note(link, exception);
            }
        }

        failures.Throw();
        return count;
    }

    /// <summary>Sends to one client. Returns false if it does not get the message, or has no capacity yet.</summary>
    private bool Give(Link link, in Outbox outbox, ReadOnlySpan<byte> message, ref List<Link>? full)
    {
        if (!link.LinkSender.Takes(message.Length))
        {
            // A client that announces a small limit must not keep the message from the others.
            link.LinkSender.CountMissed();
            link.Kill(CloseReason.Limit, $"a message of {message.Length} bytes was broadcast, which is longer than the client accepts");
            return false;
        }

        WhenFull whenFull = Core.Policy.Drops() ? WhenFull.Drop : WhenFull.Refuse;
        LinkOutcome outcome = outbox.Give(link, new OutgoingMessage(MessageKind.Send, message), whenFull).Outcome;
        if (outcome == LinkOutcome.Full && whenFull == WhenFull.Refuse)
        {
            (full ??= []).Add(link);
        }

        return outcome == LinkOutcome.Sent;
    }

    /// <summary>Sends to every client with capacity or a dropping policy, and returns the clients to wait for.</summary>
    private int Start(ReadOnlySpan<byte> message, HubClient? except, out List<Link>? waiting)
    {
        Outbox.ThrowIfClosing();
        Outbox outbox = new(Core, Core.FanOutBatch.Begin());
        waiting = null;
        List<Link>? full = null;
        int count;
        try
        {
            count = GiveAll(outbox, message, except, ref full);
        }
        finally
        {
            Core.FanOutBatch.End();
        }

        if (full is null)
        {
            return count;
        }

        switch (Core.Settings.OverflowPolicy)
        {
            case OverflowPolicy.Wait:
                waiting = full;
                return count;
            case OverflowPolicy.Fail:
                throw new FairleadException(
                    ErrorCode.Full,
                    "the queues of some clients were full when a message was broadcast: "
                    + string.Join(", ", full.Select(static link => link.Tag)),
                    "The others have received the message. Disconnect the slow clients, or choose another ?full= than fail.")
                {
                    Address = Address,
                };
            default:
                foreach (Link link in full)
                {
                    link.LinkSender.CountMissed();
                    link.Kill(CloseReason.SlowConsumer, "its queue was full when a message was broadcast");
                }

                return count;
        }
    }

    private async ValueTask<int> FinishAsync(int count, List<Link> waiting, byte[] message, CancellationToken cancellationToken) =>
        count
        + await WaitedCalls
            .AllAsync(
                waiting,
                link => Outbox.CallAsync(link, new OutgoingMessage(MessageKind.Send, message), null, cancellationToken),
                static (_, result) => result.Outcome == LinkOutcome.Sent)
            .ConfigureAwait(false);
}
