namespace Fairlead.Synchronization;

/// <summary>
/// A permit of a <see cref="SystemVSemaphore"/>. Any thread may dispose it, which returns the permit; a second time is harmless. A scope
/// that is never disposed keeps the permit until its process ends.
/// </summary>
public sealed class SystemVSemaphoreScope : IDisposable, IAsyncDisposable
{
    private SystemVSemaphore? _semaphore;

    internal SystemVSemaphoreScope(SystemVSemaphore semaphore) => _semaphore = semaphore;

    /// <summary>Returns the permit. Harmless the second time, and if the semaphore has been removed.</summary>
    /// <exception cref="InvalidOperationException">Other programs have posted so much that the value cannot rise.</exception>
    public void Dispose() => Interlocked.Exchange(ref _semaphore, null)?.Return();

    /// <summary>Returns the permit; completes immediately.</summary>
    /// <inheritdoc cref="Dispose" path="/exception"/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }
}
