using Fairlead.Framing;
using Fairlead.Patterns.Stores;

namespace Fairlead.Patterns.Publishing;

/// <summary>The store of a publisher, the turn of those who publish, and the subscribers that still read from the store.</summary>
/// <remarks>
/// Owns the store, under its gate. Messages are appended under the publisher's lock, by the one whose turn
/// it is: the order in the store is that in which subscribers get them.
/// </remarks>
internal sealed class StoredPublications : IDisposable
{
    private readonly PublicationStore _store;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _end = new();
    private readonly RankedLock _gate = new(LockRank.StoredPublications);
    private bool _isEnding;

    /// <param name="place">The log.</param>
    /// <inheritdoc cref="PublicationStore.Open" path="/exception"/>
    public StoredPublications(Address place) => _store = PublicationStore.Open(place);

    /// <inheritdoc cref="PublicationStore.Last"/>
    public PublishedPosition Last
    {
        get
        {
            using (_gate.Hold())
            {
                return _store.Last;
            }
        }
    }

    /// <summary>Cancelled when the publisher closes.</summary>
    public CancellationToken Ending => _end.Token;

    /// <summary>Returns the place of a message as a field of its head.</summary>
    public static byte[] PositionField(PublishedPosition position)
    {
        byte[] bytes = new byte[3 + PublishedPosition.Bytes];
        Span<byte> value = stackalloc byte[PublishedPosition.Bytes];
        position.WriteTo(value);
        HeadWriter field = new(bytes);
        field.Add(HeadField.Position, value);
        return bytes;
    }

    /// <summary>Waits for the turn of a caller that publishes. Disposing gives it back.</summary>
    public Turn Take(CancellationToken cancellationToken)
    {
        _turn.Wait(cancellationToken);
        return new Turn(_turn);
    }

    /// <inheritdoc cref="Take"/>
    public async ValueTask<Turn> TakeAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Turn(_turn);
    }

    /// <inheritdoc cref="PublicationStore.Append"/>
    public PublishedPosition Append(string topic, ReadOnlySpan<byte> payload)
    {
        using (_gate.Hold())
        {
            ObjectDisposedException.ThrowIf(_isEnding, typeof(Publisher));
            return _store.Append(topic, payload);
        }
    }

    /// <inheritdoc cref="PublicationStore.StartOf"/>
    public long StartOf(long count)
    {
        using (_gate.Hold())
        {
            return _store.StartOf(count);
        }
    }

    /// <inheritdoc cref="PublicationStore.ReadBehind"/>
    public PublicationReader ReadBehind(PublishedPosition seen) => _store.ReadBehind(seen);

    /// <inheritdoc cref="PublicationStore.ReadLast"/>
    public PublicationReader ReadLast(long start) => _store.ReadLast(start);

    /// <inheritdoc cref="PublicationStore.ReadFrom"/>
    public PublicationReader ReadFrom(long number) => _store.ReadFrom(number);

    /// <summary>Runs the task of a subscriber that reads from the store. It ends soon after <see cref="End"/>.</summary>
    public void Start(Func<Task> catchUp)
    {
        if (!_end.IsCancellationRequested)
        {
            _ = PoolWork.Start(catchUp);
        }
    }

    /// <summary>Ends these tasks soon, and stores nothing more. Does not block.</summary>
    public void End()
    {
        using (_gate.Hold())
        {
            _isEnding = true;
        }

        _end.Cancel();
    }

    /// <summary>
    /// Closes the store. Blocks for the disk, and not for the tasks that read from it: their readers stay open, and what they wait for may
    /// be done by the calling thread.
    /// </summary>
    public void Dispose()
    {
        End();
        using (_gate.Hold())
        {
            _store.Dispose();
        }
    }

    /// <summary>The turn of a caller. Disposing it lets the next one publish.</summary>
    public readonly struct Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
