using System.Diagnostics.CodeAnalysis;

namespace Fairlead.Hosting;

/// <summary>Something that opens at its first use, opens again when it has ended, and is closed once.</summary>
/// <remarks>
/// Owns what is open, and the error of the last attempt. Opening and closing exclude each other; <see cref="Current"/> is read without
/// waiting. Any thread.
/// </remarks>
/// <param name="open">Opens it.</param>
/// <param name="hasEnded">Whether one that was open is of no more use.</param>
/// <param name="owner">Named in the error of a use after the end.</param>
[SuppressMessage("Reliability", "CA1001", Justification = "Callers may wait for the semaphore, which has no handle, after the end.")]
internal sealed class Reopened<T>(Func<CancellationToken, ValueTask<T>> open, Func<T, bool> hasEnded, object owner)
    where T : class, IAsyncDisposable
{
    private readonly SemaphoreSlim _opening = new(1, 1);
    private volatile T? _last;
    private volatile Exception? _problem;
    private bool _isClosed;

    /// <summary>What is open; null before the first use, and after it has ended.</summary>
    public T? Current => _last is { } last && !hasEnded(last) ? last : null;

    /// <summary>What was opened last and is not closed, though it may have ended; null before the first use.</summary>
    public T? Last => _last;

    /// <summary>Why it could not be opened the last time; null after a success, and before the first attempt.</summary>
    public Exception? Problem => _problem;

    /// <summary>Returns what is open. Opens it if it is not open, or has ended.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public ValueTask<T> GetAsync(CancellationToken cancellationToken) =>
        Current is { } current ? new ValueTask<T>(current) : OpenAsync(cancellationToken);

    /// <summary>Closes what is open. It opens no more. Harmless the second time.</summary>
    public async Task CloseAsync(Func<T, Task> close)
    {
        await _opening.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            _isClosed = true;
            if (Interlocked.Exchange(ref _last, null) is { } last)
            {
                await close(last).ConfigureAwait(false);
            }
        }
        finally
        {
            _opening.Release();
        }
    }

    private async ValueTask<T> OpenAsync(CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isClosed, owner);
            if (Current is { } current)
            {
                return current;
            }

            // One that has ended: what it holds is released.
            if (_last is { } ended)
            {
                await ended.DisposeAsync().ConfigureAwait(false);
            }

            T opened = await open(cancellationToken).ConfigureAwait(false);
            _problem = null;
            _last = opened;
            return opened;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            _problem = exception;
            throw;
        }
        finally
        {
            _opening.Release();
        }
    }
}
