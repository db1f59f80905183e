using Fairlead.Framing;
using Fairlead.Patterns.Links.Receiving;

namespace Fairlead.Testing;

/// <summary>
/// A received request that a test makes by hand and gives to a handler, with its context. It records the answer. It needs no
/// endpoint and no native resources.
/// </summary>
public sealed class HandmadeRequest : IDisposable
{
    private readonly AnswerRecord _record;

    // Not of a pool: it can be cancelled after the request was disposed, which another thread may do at the same time.
    private readonly MessageCore _core;

    private HandmadeRequest(AnswerRecord record, Request request)
    {
        _record = record;
        _core = request.Message.Core;
        Request = request;
        Context = new RequestContext(request);
    }

    /// <summary>The request, as a <see cref="Responder"/> hands it out.</summary>
    public Request Request { get; }

    /// <summary>The context that a handler gets with it.</summary>
    public RequestContext Context { get; }

    /// <summary>
    /// The bytes that <c>Reply</c> or <c>ReplyAsync</c> sent; null without a reply. A handler's return value is not sent.
    /// </summary>
    public ReadOnlyMemory<byte>? Reply => _record.Reply is { } reply ? new ReadOnlyMemory<byte>(reply) : default(ReadOnlyMemory<byte>?);

    /// <summary>
    /// The code of <see cref="Request.Fail"/>, or <see cref="ErrorCode.Failed"/> after disposing without an answer; null before that.
    /// </summary>
    public ErrorCode? Error => _record.Error;

    /// <summary>The text of the error.</summary>
    public string? ErrorText => _record.Text;

    /// <summary>Whether the request was disposed.</summary>
    public bool IsDisposed => _record.IsReleased;

    /// <summary>Makes a request.</summary>
    /// <param name="payload">Its bytes. Copied.</param>
    /// <param name="peer">The requester; the default is this process.</param>
    /// <param name="timeout">How long the requester still waits; null means without limit. Then the context's token is cancelled.</param>
    /// <param name="idempotent">Whether a second execution does no harm.</param>
    /// <param name="redelivered">Whether an earlier attempt was sent to a responder that was lost.</param>
    public static HandmadeRequest Create(
        ReadOnlySpan<byte> payload, Peer? peer = null, TimeSpan? timeout = null, bool idempotent = false, bool redelivered = false)
    {
        Deadline.Check(timeout);
        MessageFlags flags = (idempotent ? MessageFlags.Idempotent : MessageFlags.None)
            | (redelivered ? MessageFlags.Redelivered : MessageFlags.None);
        (AnswerRecord record, Message message) = Handmade.Create(
            MessageHeader.Of(MessageKind.Request, flags: flags), new HandmadeHead(null, 0, 0, timeout), payload, peer);
        return new HandmadeRequest(record, new Request(message));
    }

    /// <summary>Withdraws the request, as a requester does: cancels its token. An error is no longer recorded.</summary>
    /// <remarks>Without an effect on a request that was answered or disposed: the requester may be late. Any thread.</remarks>
    public void Cancel() => _core.CancelFor(null, 0, isTakenBack: true);

    /// <summary>Disposes the context, and the request if the code under test has not.</summary>
    public void Dispose()
    {
        Context.Dispose();
        Request.Dispose();
    }
}
