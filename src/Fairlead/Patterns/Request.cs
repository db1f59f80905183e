using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>
/// A received request: a lease, like <see cref="Message"/>, that is answered once. Disposed without an answer, it tells the requester so.
/// </summary>
public readonly struct Request : IDisposable, IEquatable<Request>
{
    private readonly Message _message;

    internal Request(Message message) => _message = message;

    /// <summary>The payload, where it lies. Valid until <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Span => _message.Span;

    /// <summary>The payload, where it lies. Valid until <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Memory => _message.Memory;

    /// <summary>Bytes of the payload.</summary>
    public int Length => _message.Length;

    /// <summary>The payload read as UTF-8, as a new string.</summary>
    public string Text => _message.Text;

    /// <summary>Who asks.</summary>
    public Peer Peer => _message.Peer;

    /// <summary>How long the requester would still wait when it asked; null: for ever.</summary>
    public TimeSpan? Timeout =>
        HeadReader.TryGet(_message.Core.Head, HeadField.Deadline, out ulong microseconds) && microseconds < long.MaxValue / 10
            ? TimeSpan.FromTicks((long)microseconds * TimeSpan.TicksPerMicrosecond)
            : null;

    /// <summary>Whether the requester says that it may be carried out twice without harm.</summary>
    public bool Idempotent => (_message.Core.Header.Flags & MessageFlags.Idempotent) != 0;

    /// <summary>Whether it was sent before, to a responder that was lost and may have carried it out. Only an idempotent one is.</summary>
    public bool Redelivered => _message.Redelivered;

    /// <summary>Cancelled when the requester no longer waits: it cancelled, its time has passed, or it is gone.</summary>
    public CancellationToken CancellationToken => _message.CancellationToken;

    internal Message Message => _message;

    internal KeyValuePair<string, object?>[] MeterTags => _message.Core.Link.Endpoint.MeterTags;

    internal Address Address => _message.Core.Link.Endpoint.Address;

    /// <summary>Reads the payload as JSON.</summary>
    public T? Read<T>(JsonTypeInfo<T> type) => _message.Read(type);

    /// <summary>Reads the payload with a serializer.</summary>
    public T Read<T>(IMessageSerializer<T> serializer) => _message.Read(serializer);

    /// <summary>Returns the unmanaged value that was sent, where it lies. Valid until <see cref="Dispose"/>.</summary>
    /// <inheritdoc cref="Message.Value{T}" path="/exception"/>
    public ref readonly T Value<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>()
        where T : unmanaged => ref _message.Value<T>();

    /// <summary>Sends the reply. Does not wait: replies need no credit.</summary>
    /// <param name="reply">Copied, where it does not go at once.</param>
    /// <returns>False when the requester is gone; a reply to one that only gave up waiting is sent and dropped there.</returns>
    /// <exception cref="InvalidOperationException">The request was answered before.</exception>
    /// <exception cref="FairleadException">TooLarge: the requester does not take so long a reply. It can still be answered.</exception>
    public bool Reply(ReadOnlySpan<byte> reply)
    {
        MessageCore core = _message.Core;
        Link link = core.Link;
        uint id = core.Id;
        link.Sending.Check(reply);
        Settle();
        bool sent = link.Answers.SendReply(id, reply);
        link.Receiving.RemoveActive(core);
        return sent;
    }

    /// <summary>Sends the reply, which lies in several buffers. Does not wait.</summary>
    /// <inheritdoc cref="Reply(ReadOnlySpan{byte})" path="/param|/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public bool Reply(in ReadOnlySequence<byte> reply)
    {
        MessageCore core = _message.Core;
        Link link = core.Link;
        uint id = core.Id;
        new Outbox(link.Endpoint).CheckLength(reply);
        link.Sending.Check(reply);
        Settle();
        bool sent = link.Answers.SendReply(id, reply);
        link.Receiving.RemoveActive(core);
        return sent;
    }

    /// <summary>
    /// Sends the reply, and waits while the requester does not read its replies and more than 4 MiB of them lie here. A responder that
    /// takes no further request until then bounds the memory that such requesters cost.
    /// </summary>
    /// <param name="reply">Copied before this returns, where it does not go at once. The request may be disposed then, too.</param>
    /// <param name="cancellationToken">Ends the wait, and takes nothing back.</param>
    /// <returns>False when the requester was gone.</returns>
    /// <exception cref="InvalidOperationException">The request was answered before.</exception>
    /// <exception cref="FairleadException">TooLarge: the requester does not take so long a reply. It can still be answered.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    [OverloadResolutionPriority(1)]
    public ValueTask<bool> ReplyAsync(ReadOnlySpan<byte> reply, CancellationToken cancellationToken = default)
    {
        try
        {
            Link link = _message.Core.Link;
            return Reply(reply) ? AwaitReaderAsync(link, cancellationToken) : new ValueTask<bool>(false);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<bool>(exception);
        }
    }

    /// <inheritdoc cref="ReplyAsync(ReadOnlySpan{byte}, CancellationToken)"/>
    public ValueTask<bool> ReplyAsync(ReadOnlyMemory<byte> reply, CancellationToken cancellationToken = default) =>
        ReplyAllAsync(new ReadOnlySequence<byte>(reply), cancellationToken);

    /// <summary>The same with a reply that lies in several buffers.</summary>
    /// <inheritdoc cref="ReplyAsync(ReadOnlyMemory{byte}, CancellationToken)" path="/param|/returns|/exception"/>
    public ValueTask<bool> ReplyAsync(in ReadOnlySequence<byte> reply, CancellationToken cancellationToken = default) =>
        ReplyAllAsync(reply, cancellationToken);

    /// <summary>Answers with an error, which the requester gets as a <see cref="FairleadException"/>.</summary>
    /// <param name="code">The error's code there.</param>
    /// <param name="text">Its text there; some 1,000 characters are told.</param>
    /// <returns>False when the requester is gone, or no longer waits.</returns>
    /// <exception cref="InvalidOperationException">The request was answered before.</exception>
    public bool Fail(ErrorCode code, string text)
    {
        MessageCore core = _message.Core;
        Link link = core.Link;
        uint id = core.Id;

        // A call that was cancelled is over: it gets no error.
        bool isAwaited = !_message.IsTakenBack;
        Settle();
        bool sent = isAwaited && link.Answers.SendError(id, code, text);
        link.Receiving.RemoveActive(core);
        return sent;
    }

    /// <summary>For handlers, which may have answered, or given the request back, themselves.</summary>
    internal void ReplyUnlessAnswered(ReadOnlySpan<byte> reply)
    {
        if (_message.IsUnsettled)
        {
            Reply(reply);
        }
    }

    internal void FailUnlessAnswered(ErrorCode code, string text)
    {
        if (_message.IsUnsettled)
        {
            Fail(code, text);
        }
    }

    /// <summary>Gives the memory back. The second time is harmless.</summary>
    public void Dispose() => _message.Dispose();

    /// <inheritdoc/>
    public bool Equals(Request other) => _message == other._message;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Request other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _message.GetHashCode();

    /// <summary>Whether both are the same request.</summary>
    public static bool operator ==(Request left, Request right) => left.Equals(right);

    /// <summary>Whether they are different requests.</summary>
    public static bool operator !=(Request left, Request right) => !left.Equals(right);

    private async ValueTask<bool> ReplyAllAsync(ReadOnlySequence<byte> reply, CancellationToken cancellationToken)
    {
        Link link = _message.Core.Link;
        bool sent = reply.IsSingleSegment ? Reply(reply.FirstSpan) : Reply(reply);
        if (sent)
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
            throw new InvalidOperationException("The request was answered before: one request, one reply.");
        }
    }
}
