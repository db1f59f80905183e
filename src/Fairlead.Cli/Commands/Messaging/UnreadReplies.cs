using System.Buffers;
using Fairlead.Cli.Processes;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>
/// Sends replies. A requester that does not read its replies keeps the slots of their commands, up to a limit: the other slots serve
/// requesters that read.
/// </summary>
internal sealed class UnreadReplies(int most)
{
    private readonly Lock _gate = new();

    // Each connection has a separate Peer, even if one process has several.
    private readonly Dictionary<Peer, int> _waiting = new(ReferenceEqualityComparer.Instance);

    /// <summary>Sends the reply, and completes when the slot is free again.</summary>
    public async ValueTask ReplyAsync(
        Request request, ReadOnlySequence<byte> reply, CollectedOutput output, CancellationToken cancellationToken)
    {
        Peer peer = request.Peer;
        if (!TryEnter(peer))
        {
            request.Reply(reply);
            return;
        }

        try
        {
            ValueTask<bool> read = request.ReplyAsync(reply, cancellationToken);
            if (!read.IsCompleted)
            {
                // The reply has been copied: one copy is enough while it waits.
                output.Dispose();
                request.Dispose();
            }

            await read;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The reply is on its way, and the tool ends: no request needs the slot any more.
        }
        finally
        {
            Leave(peer);
        }
    }

    private bool TryEnter(Peer peer)
    {
        lock (_gate)
        {
            int count = _waiting.GetValueOrDefault(peer);
            if (count >= most)
            {
                return false;
            }

            _waiting[peer] = count + 1;
            return true;
        }
    }

    private void Leave(Peer peer)
    {
        lock (_gate)
        {
            int count = _waiting[peer] - 1;
            if (count == 0)
            {
                _waiting.Remove(peer);
            }
            else
            {
                _waiting[peer] = count;
            }
        }
    }
}
