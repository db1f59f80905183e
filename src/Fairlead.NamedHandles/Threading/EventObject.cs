using Fairlead.NamedHandles.Names;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.NamedHandles.Threading;

/// <summary>A named event in this process.</summary>
internal sealed class EventObject : NamedObject
{
    public const int Size = EventLayout.Size;

    private readonly EventCore _core;

    /// <param name="key">Its identity.</param>
    /// <param name="file">Its file; this object takes ownership.</param>
    /// <param name="isNew">Whether the file is new. Otherwise the event has a state and a mode.</param>
    /// <param name="isSet">Whether a new event is set.</param>
    /// <param name="isAutomatic">Whether a new event releases one waiter at a time.</param>
    public unsafe EventObject(ObjectKey key, ObjectFile file, bool isNew, bool isSet, bool isAutomatic)
        : base(key, file)
    {
        LockPlace place = Place(key, file, Size);
        _core = new EventCore(
            place, isNew ? isAutomatic : (LockHeader.OptionsAt(place.Start) & EventLayout.AutomaticOption) != 0);
        if (isNew && isSet)
        {
            Set();
        }
    }

    public override LockCore Core => _core;

    public void Set() => _core.Do(static words => words.Set());

    public void Reset() => _core.Do(static words => words.Reset());

    public override Trial TryTake() =>
        _core.TryPass(out _, out bool isClosed) ? Trial.Taken : isClosed ? Trial.Contended : Trial.NotSignalled;

    public override LockAttempt Begin(int thread) => new EventAttempt(_core, _core.Words.Epoch, thread);

    public override void Untake(bool isAbandoned)
    {
        if (_core.IsAutomatic)
        {
            Set();
        }
    }

    public override void Signal() => Set();
}
