using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Session;

namespace Fairlead;

/// <summary>A received request: a lease, like <see cref="Message"/>, with exactly one answer.</summary>
/// <remarks>If a request is disposed without an answer, the requester learns it.</remarks>
public readonly struct Request : IDisposable, IEquatable<Request>
{
    private readonly Message _message;

    internal Request(Message message) => _message = message;

    /// <summary>The payload in the memory where it arrived. Valid until <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Span => _message.Span;

    /// <summary>The payload in the memory where it arrived. Valid until <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Memory => _message.Memory;

    /// <summary>The length of the payload in bytes.</summary>
    public int Length => _message.Length;

    /// <summary>The payload decoded as UTF-8. Each call creates a new string.</summary>
    public string Text => _message.Text;

    /// <summary>The requester's process.</summary>
    public Peer Peer => _message.Peer;

    /// <summary>The time limit of the requester when it asked; null means without limit.</summary>
    public TimeSpan? Timeout =>
        HeadReader.TryGet(_message.Core.Head, HeadField.Deadline, out ulong microseconds) && microseconds < long.MaxValue / 10
            ? TimeSpan.FromTicks((long)microseconds * TimeSpan.TicksPerMicrosecond)
            : null;

    /// <summary>Whether the requester says that executing the request twice is harmless.</summary>
    public bool Idempotent => (_message.Core.Header.Flags & MessageFlags.Idempotent) != 0;

    /// <summary>Whether an earlier responder was lost and may have executed it. Only idempotent requests are sent again.</summary>
    public bool Redelivered => _message.Redelivered;

    /// <summary>Cancelled when the requester no longer waits: it cancelled, its time has passed, or it is gone.</summary>
    public CancellationToken CancellationToken => _message.CancellationToken;

    internal Message Message => _message;

    internal KeyValuePair<string, object?>[] MeterTags => _message.Core.PeerLink.Endpoint.MeterTags;

    internal Address Address => _message.Core.PeerLink.Endpoint.Address;

    /// <summary>Reads the payload as JSON.</summary>
    public T? Read<T>(JsonTypeInfo<T> type) => _message.Read(type);

    /// <summary>Reads the payload with a serializer.</summary>
    public T Read<T>(IMessageSerializer<T> serializer) => _message.Read(serializer);

    /// <summary>Returns a reference to the unmanaged value in the payload. Valid until <see cref="Dispose"/>.</summary>
    /// <inheritdoc cref="Message.Value{T}" path="/exception"/>
    public ref readonly T Value<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>()
        where T : unmanaged => ref _message.Value<T>();

    /// <summary>Sends the reply. Does not wait, because replies need no credit.</summary>
    /// <param name="reply">The payload. Copied if it is not written immediately.</param>
    /// <returns>False when the requester is gone. A requester that only stopped waiting drops the reply, and the result is true.</returns>
    /// <exception cref="InvalidOperationException">The request has already been answered.</exception>
    /// <exception cref="FairleadException">TooLarge: the reply is longer than the requester accepts. You can still answer.</exception>
    public bool Reply(ReadOnlySpan<byte> reply)
    {
        MessageCore core = _message.Core;
        if (core.Record is { } record)
        {
            Settle();
            record.SetReply(reply.ToArray());
            return true;
        }

        Link link = Link.Of(core.PeerLink);
        uint id = core.Id;
        link.LinkSender.Check(reply);
        Settle();
        bool sent = link.Answers.SendReply(id, reply);
        link.LinkReceiver.RemoveActive(core);
        return sent;
    }

    /// <summary>Sends several buffers as the reply. Does not wait.</summary>
    /// <inheritdoc cref="Reply(ReadOnlySpan{byte})" path="/param|/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public bool Reply(in ReadOnlySequence<byte> reply)
    {
        MessageCore core = _message.Core;
        if (core.Record is not null)
        {
            return Reply(reply.ToArray());
        }

        Link link = Link.Of(core.PeerLink);
        uint id = core.Id;
        Outbox.CheckLength(reply, link.Endpoint);
        link.LinkSender.Check(reply);
        foreach (ReadOnlyMemory<byte> part in reply)
        {
            // If the owner of the memory throws, it does so here, and the request can still be answered.
            _ = part.Span;
        }

        Settle();
        bool sent = link.Answers.SendReply(id, reply);
        link.LinkReceiver.RemoveActive(core);
        return sent;
    }

    /// <summary>Sends the reply, and waits while a requester that does not read has more than 4 MiB of unread replies here.</summary>
    /// <remarks>If a responder takes no further request until then, it limits the memory that such requesters cost.</remarks>
    /// <param name="reply">The payload. Copied before this returns if it is not written immediately. The request may then be disposed,
    /// too.</param>
    /// <param name="cancellationToken">Ends the wait. The reply is sent all the same.</param>
    /// <returns>False when the requester is gone.</returns>
    /// <exception cref="InvalidOperationException">The request has already been answered.</exception>
    /// <exception cref="FairleadException">TooLarge: the reply is longer than the requester accepts. You can still answer.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    [OverloadResolutionPriority(1)]
    public ValueTask<bool> ReplyAsync(ReadOnlySpan<byte> reply, CancellationToken cancellationToken = default)
    {
        try
        {
            MessageCore core = _message.Core;
            bool isHandmade = core.Record is not null;
            Link link = Link.Of(core.PeerLink);
            return !Reply(reply)
                ? new ValueTask<bool>(false)
                : isHandmade
                    ? new ValueTask<bool>(true)
                    : AwaitReaderAsync(link, cancellationToken);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<bool>(exception);
        }
    }

    /// <inheritdoc cref="ReplyAsync(ReadOnlySpan{byte}, CancellationToken)"/>
    public ValueTask<bool> ReplyAsync(ReadOnlyMemory<byte> reply, CancellationToken cancellationToken = default) =>
        ReplyAllAsync(new ReadOnlySequence<byte>(reply), cancellationToken);

    /// <summary>Sends several buffers as the reply, and waits like the other overload.</summary>
    /// <inheritdoc cref="ReplyAsync(ReadOnlyMemory{byte}, CancellationToken)" path="/param|/returns|/exception"/>
    public ValueTask<bool> ReplyAsync(in ReadOnlySequence<byte> reply, CancellationToken cancellationToken = default) =>
        ReplyAllAsync(reply, cancellationToken);

    /// <summary>Answers with an error, which the requester gets as a <see cref="FairleadException"/>.</summary>
    /// <param name="code">The code of the requester's exception.</param>
    /// <param name="text">The text of the requester's exception, of which about 1,000 characters are sent.</param>
    /// <returns>False when the requester is gone or no longer waits.</returns>
    /// <exception cref="InvalidOperationException">The request has already been answered.</exception>
    public bool Fail(ErrorCode code, string text)
    {
        MessageCore core = _message.Core;
        AnswerRecord? record = core.Record;
        Link link = Link.Of(core.PeerLink);
        uint id = core.Id;

        // A cancelled call has ended on the requester's side, and gets no error.
        bool isAwaited = !_message.IsTakenBack;
        Settle();
        if (record is not null)
        {
            if (isAwaited)
            {
                record.SetError(code, text);
            }

            return isAwaited;
        }

        bool sent = isAwaited && link.Answers.SendError(id, code, text);
        link.LinkReceiver.RemoveActive(core);
        return sent;
    }

    /// <summary>Replies for a handler that may have answered or disposed the request itself.</summary>
    internal void ReplyUnlessAnswered(ReadOnlySpan<byte> reply)
    {
        try
        {
            if (_message.IsUnsettled)
            {
                Reply(reply);
            }
        }
        catch (InvalidOperationException) when (!_message.IsUnsettled)
        {
            // Another thread of the handler has answered it, or disposed it, in between.
        }
    }

    internal void FailUnlessAnswered(ErrorCode code, string text)
    {
        try
        {
            if (_message.IsUnsettled)
            {
                Fail(code, text);
            }
        }
        catch (InvalidOperationException) when (!_message.IsUnsettled)
        {
            // As above.
        }
    }

    /// <summary>Returns the memory. A second call has no effect.</summary>
    public void Dispose() => _message.Dispose();

    /// <inheritdoc/>
    public bool Equals(Request other) => _message == other._message;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Request other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _message.GetHashCode();

    /// <summary>Returns whether both are the same request.</summary>
    public static bool operator ==(Request left, Request right) => left.Equals(right);

    /// <summary>Returns whether they are different requests.</summary>
    public static bool operator !=(Request left, Request right) => !left.Equals(right);

    private async ValueTask<bool> ReplyAllAsync(ReadOnlySequence<byte> reply, CancellationToken cancellationToken)
    {
        MessageCore core = _message.Core;
        bool isHandmade = core.Record is not null;
        Link link = Link.Of(core.PeerLink);
        bool sent = reply.IsSingleSegment ? Reply(reply.FirstSpan) : Reply(reply);
        if (sent && !isHandmade)
        {
            await link.Pause.AwaitReaderAsync(int.MaxValue, cancellationToken).ConfigureAwait(false);
        }

        return sent;
    }

    private static async ValueTask<bool> AwaitReaderAsync(Link link, CancellationToken cancellationToken)
    {
        await link.Pause.AwaitReaderAsync(int.MaxValue, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private void Settle()
    {
        if (!_message.TrySettle())
        {
            throw new InvalidOperationException("The request has already been answered; each request gets exactly one reply.");
        }
    }
}
