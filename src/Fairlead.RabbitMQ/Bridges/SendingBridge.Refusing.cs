using Fairlead.Framing;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Session;
using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Bridges;

/// <content>Messages that the queue refused, because it is full or lost its node.</content>
internal sealed partial class SendingBridge
{
    private const int MostTogether = 1024;

    /// <summary>Tells the senders that wait for receipts. The other messages are published again.</summary>
    private Task OnRefused(
        BrokerSession session, PublishWindow<Outgoing> window, Link link, Refusals refusals, ulong number, bool isMultiple)
    {
        if (session.End is not null)
        {
            // The next session publishes again what is left.
            return Task.CompletedTask;
        }

        int refused = window.Peek(number, isMultiple).Count;
        List<Outgoing> over = window.Refuse(number, isMultiple, static item => item.WantsReceipt, out int done);
        foreach (Outgoing item in over)
        {
            Settle(item.Id, ReceiptStatus.NotDelivered, "the queue did not take the message");
        }

        link.LinkReceiver.Release(done);
        if (over.Count < refused)
        {
            refusals.Note();
        }

        return Task.CompletedTask;
    }

    /// <summary>Returns the next message; null after a refusal, or at the end of the endpoint when all that has come is read.</summary>
    private ValueTask<MessageCore?> NextUnlessRefusedAsync(Refusals refusals, CancellationToken ended) =>
        refusals.Any && !ended.IsCancellationRequested ? default : NextAsync(refusals.Stop);

    private async ValueTask PublishAgainAsync(IChannel channel, Link link, Outgoing item, CancellationToken ended)
    {
        item.IsAgain = true;
        await PublishAsync(channel, link, item, ended).ConfigureAwait(false);
    }

    /// <summary>Publishes what was refused, the oldest first, after pauses that grow while the queue refuses it again.</summary>
    /// <remarks>A queue that takes one message may be full with the next, so the number published together begins with one.</remarks>
    private async Task RetryAsync(
        BrokerSession session, PublishWindow<Outgoing> window, Link link, Refusals refusals, CancellationToken ended)
    {
        session.TellFull($"the queue '{Address.Name}' takes no message now, which is tried again: it may be full");
        try
        {
            ReopenPause pause = new(Settings.Time);
            await window.WhenSettled().WaitAsync(ended).ConfigureAwait(false);
            int together = 1;
            while (refusals.Any || window.TryPeekAgain(out _))
            {
                if (refusals.Any)
                {
                    together = 1;
                    await pause.WaitAsync(ended).ConfigureAwait(false);
                    await refusals.ForgetAsync().ConfigureAwait(false);
                }

                for (int i = 0; i < together && window.TryPeekAgain(out Outgoing? item); i++)
                {
                    await PublishAgainAsync(session.Channel, link, item, session.Ended).ConfigureAwait(false);
                }

                await window.WhenSettled().WaitAsync(ended).ConfigureAwait(false);
                if (!refusals.Any)
                {
                    together = Math.Min(2 * together, MostTogether);
                    pause = new ReopenPause(Settings.Time);
                }
            }

            session.TellFull(null);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested && session.End is null)
        {
            // The endpoint has closed, and reports what is in doubt.
        }
    }

    /// <summary>Whether the queue has refused messages that are published again; stops the reading of new ones.</summary>
    /// <remarks>The client's thread notes, the publishing task forgets.</remarks>
    private sealed class Refusals(CancellationToken ended) : IDisposable
    {
        private readonly Lock _gate = new();
        private CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(ended);
        private Task _stopping = Task.CompletedTask;
        private volatile bool _any;
        private bool _isDisposed;

        public bool Any => _any;

        /// <summary>Cancelled by the first refusal, and at the end.</summary>
        public CancellationToken Stop => _stop.Token;

        public void Note()
        {
            lock (_gate)
            {
                if (!_any && !_isDisposed)
                {
                    _any = true;
                    _stopping = _stop.CancelAsync();
                }
            }
        }

        /// <summary>Begins anew, before the refused messages are published again.</summary>
        public async ValueTask ForgetAsync()
        {
            await _stopping.ConfigureAwait(false);
            lock (_gate)
            {
                _stop.Dispose();
                _stop = CancellationTokenSource.CreateLinkedTokenSource(ended);
                _any = false;
            }
        }

        public void Dispose()
        {
            lock (_gate)
            {
                _isDisposed = true;
                _stop.Dispose();
            }
        }
    }
}
