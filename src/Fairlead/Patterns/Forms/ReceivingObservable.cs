namespace Fairlead.Patterns.Forms;

/// <summary>Gives each received value to all observers.</summary>
/// <remarks>
/// <see cref="_gate"/> guards the fields. One loop receives while there are observers. The first subscription starts the loop, and the end
/// of the last one cancels it. A later subscription starts another loop, which waits for the end of the previous loop.
/// </remarks>
/// <param name="receive">Starts receiving.</param>
/// <param name="read">Converts a message to a value.</param>
internal sealed class ReceivingObservable<T>(Func<CancellationToken, IAsyncEnumerable<Message>> receive, Func<Message, T> read)
    : IObservable<T>
{
    private readonly Lock _gate = new();
    private Subscription[] _subscriptions = [];
    private CancellationTokenSource? _stop;
    private Task _loop = Task.CompletedTask;

    public IDisposable Subscribe(IObserver<T> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        Subscription subscription = new(this, observer);
        lock (_gate)
        {
            _subscriptions = [.. _subscriptions, subscription];
            if (_stop is null)
            {
                CancellationTokenSource stop = new();
                Task before = _loop;
                _stop = stop;
                _loop = Task.Run(() => RunAsync(before, stop));
            }
        }

        return subscription;
    }

    private async Task RunAsync(Task before, CancellationTokenSource stop)
    {
        Exception? problem = null;
        try
        {
            await before.ConfigureAwait(false);
            await foreach (Message message in receive(stop.Token).ConfigureAwait(false))
            {
                T value = read(message);
                bool isSeen = false;
                foreach (Subscription subscription in Volatile.Read(ref _subscriptions))
                {
                    isSeen |= subscription.Next(value);
                }

                if (!isSeen)
                {
                    // The last observer has just left: its sender must not be told that the message was accepted.
                    message.Dispose();
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The last observer has unsubscribed.
            return;
        }
        catch (Exception exception)
        {
            problem = exception;
        }
        finally
        {
            stop.Dispose();
        }

        Subscription[] left;
        lock (_gate)
        {
            left = _stop == stop ? _subscriptions : [];
            _subscriptions = left.Length > 0 ? [] : _subscriptions;
            _stop = _stop == stop ? null : _stop;
        }

        foreach (Subscription subscription in left)
        {
            subscription.End(problem);
        }
    }

    private void Remove(Subscription subscription)
    {
        CancellationTokenSource? stop = null;
        lock (_gate)
        {
            int before = _subscriptions.Length;
            _subscriptions = [.. _subscriptions.Where(other => other != subscription)];
            if (before > 0 && _subscriptions.Length == 0)
            {
                stop = _stop;
                _stop = null;
            }
        }

        try
        {
            stop?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The loop ended by itself in the meantime.
        }
    }

    /// <summary>The subscription of one observer, which disposing ends.</summary>
    private sealed class Subscription(ReceivingObservable<T> source, IObserver<T> observer) : IDisposable
    {
        private volatile bool _hasEnded;

        /// <summary>Gives the observer a value. Returns false if it has left.</summary>
        public bool Next(T value)
        {
            if (_hasEnded)
            {
                return false;
            }

            try
            {
                observer.OnNext(value);
            }
            catch (Exception exception)
            {
                source.Remove(this);
                End(exception);
            }

            return true;
        }

        public void End(Exception? problem)
        {
            if (_hasEnded)
            {
                return;
            }

            _hasEnded = true;
            try
            {
                if (problem is null)
                {
                    observer.OnCompleted();
                }
                else
                {
                    observer.OnError(problem);
                }
            }
            catch (Exception)
            {
                // The observer failed while it handled the end of its subscription. Nothing more can be reported to it; the others
                // continue.
            }
        }

        public void Dispose()
        {
            _hasEnded = true;
            source.Remove(this);
        }
    }
}
