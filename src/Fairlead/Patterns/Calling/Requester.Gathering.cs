using System.Buffers;
using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <content>Sequences: several buffers sent as one request.</content>
public sealed partial class Requester
{
    /// <summary>Sends several buffers as one request (type 4). Blocks until the reply arrives.</summary>
    /// <param name="request">The buffers, in order. The caller may change them when this returns.</param>
    /// <param name="options">How long to wait, and whether the request may be repeated.</param>
    /// <param name="cancellationToken">Ends the wait, and notifies the responder.</param>
    /// <inheritdoc cref="Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public Message Request(
        in ReadOnlySequence<byte> request, RequestOptions options = default, CancellationToken cancellationToken = default) =>
        Ask(request, options.Flags, options.Timeout, cancellationToken);

    /// <summary>Sends several buffers as one request (type 3). The task completes when the reply arrives.</summary>
    /// <param name="request">The buffers, in order. They must not change until completion.</param>
    /// <param name="options">How long to wait, and whether the request may be repeated.</param>
    /// <param name="cancellationToken">Ends the wait, and notifies the responder.</param>
    /// <inheritdoc cref="Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask<Message> RequestAsync(
        in ReadOnlySequence<byte> request, RequestOptions options = default, CancellationToken cancellationToken = default) =>
        AskAsync(request, options.Flags, options.Timeout, cancellationToken);
}
