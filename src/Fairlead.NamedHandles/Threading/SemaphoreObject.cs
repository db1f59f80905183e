using Fairlead.NamedHandles.Names;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.NamedHandles.Threading;

/// <summary>A named semaphore in this process.</summary>
internal sealed class SemaphoreObject : NamedObject
{
    public const int Size = CountLayout.Size;

    private readonly CountCore _core;

    /// <param name="key">Its identity.</param>
    /// <param name="file">Its file; this object takes ownership.</param>
    /// <param name="isNew">Whether the file is new. Otherwise the semaphore has a count and a maximum.</param>
    /// <param name="count">The count of a new semaphore.</param>
    /// <param name="most">The maximum of a new semaphore.</param>
    public unsafe SemaphoreObject(ObjectKey key, ObjectFile file, bool isNew, int count, int most)
        : base(key, file)
    {
        LockPlace place = Place(key, file, Size);
        if (isNew)
        {
            new CountWords(place.Start).Begin(count);
        }

        _core = new CountCore(place, isNew ? most : (int)LockHeader.OptionsAt(place.Start));
    }

    public override LockCore Core => _core;

    /// <summary>Adds to the count.</summary>
    /// <param name="number">How much; 1 or more.</param>
    /// <returns>The count before.</returns>
    /// <exception cref="SemaphoreFullException">The count would exceed its maximum. It has not changed.</exception>
    public int Release(int number) =>
        _core.TryAdd(number, out int before)
            ? before
            : throw new SemaphoreFullException($"{Key} has a count of {before} of {_core.Most}: {number} cannot be added.");

    public override Trial TryTake() =>
        _core.TryPass(out bool isClosed) ? Trial.Taken : isClosed ? Trial.Contended : Trial.NotSignalled;

    public override LockAttempt Begin(int thread) => new CountAttempt(_core, thread);

    // If others have filled it meanwhile, it is as full as it can be.
    public override void Untake(bool isAbandoned) => _ = _core.TryAdd(1, out _);

    public override void Signal()
    {
        if (!_core.TryAdd(1, out int before))
        {
            throw new InvalidOperationException($"{Key} has a count of {before} of {_core.Most}: 1 cannot be added.");
        }
    }
}
