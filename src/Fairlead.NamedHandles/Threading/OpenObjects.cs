using Fairlead.NamedHandles.Names;

namespace Fairlead.NamedHandles.Threading;

/// <summary>Creates a named object from its file.</summary>
/// <param name="key">Its identity.</param>
/// <param name="file">Its file; the object takes ownership.</param>
/// <param name="isNew">Whether the file is new, and all zero. No other process can open it until this returns.</param>
internal delegate NamedObject ObjectMaker(ObjectKey key, ObjectFile file, bool isNew);

/// <summary>
/// The named objects that this process has open: one for each name, because the threads of the process share the ownership of a mutex.
/// Opening and closing may wait for other processes, so no lock is held meanwhile: the entry is busy, and other callers with the name wait.
/// </summary>
internal static class OpenObjects
{
    private static readonly RankedLock Gate = new(LockRank.NamedObjects);
    private static readonly Dictionary<ObjectKey, Entry> All = [];

    /// <summary>Opens an object, or begins it. Blocks for a moment.</summary>
    /// <param name="key">Its identity.</param>
    /// <param name="wish">Whether it must exist, or may.</param>
    /// <param name="isPrivate">Whether to refuse an object of another user, and to create one that other users cannot open.</param>
    /// <param name="size">The size of a new object.</param>
    /// <param name="make">Creates the object in this process.</param>
    /// <param name="reference">The reference of a new handle, if the outcome is Opened or Created.</param>
    /// <exception cref="FairleadException">The directory cannot be used, or there is no space.</exception>
    public static ObjectOutcome Open(
        ObjectKey key, ObjectWish wish, bool isPrivate, int size, ObjectMaker make, out ObjectReference? reference)
    {
        while (true)
        {
            Entry? entry;
            Task? busy = null;
            using (Gate.Hold())
            {
                if (All.TryGetValue(key, out entry))
                {
                    busy = entry.Busy?.Task;
                    if (busy is null)
                    {
                        return Join(entry.Target!, isPrivate, out reference);
                    }
                }
                else
                {
                    entry = new Entry();
                    All.Add(key, entry);
                }
            }

            if (busy is null)
            {
                return OpenFile(entry, key, wish, isPrivate, size, make, out reference);
            }

            busy.Wait();
        }
    }

    /// <summary>Ends the reference of a handle. The last one closes the object. Blocks for a moment.</summary>
    public static void Release(NamedObject target)
    {
        Entry entry;
        using (Gate.Hold())
        {
            if (--target.Users > 0)
            {
                return;
            }

            entry = All[target.Key];
            entry.Busy = NewBusy();
        }

        Close(entry, target);
    }

    /// <summary>Abandons the mutexes that a thread owned when it ended.</summary>
    public static void AbandonThoseOf(ThreadEnd thread)
    {
        MutexObject[] owned;
        using (Gate.Hold())
        {
            owned = [.. All.Values.Select(static entry => entry.Target).OfType<MutexObject>().Where(mutex => mutex.IsOwnedBy(thread))];
        }

        foreach (MutexObject mutex in owned)
        {
            mutex.Abandon(thread);
            CloseIfUnused(mutex);
        }
    }

    // The owner is gone; a caller that is closing it right now looks again.
    private static void CloseIfUnused(MutexObject mutex)
    {
        Entry? entry;
        using (Gate.Hold())
        {
            if (!All.TryGetValue(mutex.Key, out entry) || entry.Target != mutex || entry.Busy is not null || mutex.Users > 0)
            {
                return;
            }

            entry.Busy = NewBusy();
        }

        Close(entry, mutex);
    }

    private static ObjectOutcome Join(NamedObject target, bool isPrivate, out ObjectReference? reference)
    {
        if (isPrivate && target.IsOthers)
        {
            reference = null;
            return ObjectOutcome.Denied;
        }

        target.Users++;
        reference = new ObjectReference(target);
        return ObjectOutcome.Opened;
    }

    private static ObjectOutcome OpenFile(
        Entry entry, ObjectKey key, ObjectWish wish, bool isPrivate, int size, ObjectMaker make, out ObjectReference? reference)
    {
        NamedObject? made = null;
        try
        {
            ObjectOutcome outcome = ObjectFile.Open(
                key.Name, key.Kind, wish, size, isPrivate, file => made = make(key, file, isNew: true), out ObjectFile? file);
            if (outcome == ObjectOutcome.Opened)
            {
                made = MakeExisting(key, file!, make);
            }

            reference = made is null ? null : new ObjectReference(made);
            return outcome;
        }
        finally
        {
            Settle(entry, key, made);
        }
    }

    private static NamedObject MakeExisting(ObjectKey key, ObjectFile file, ObjectMaker make)
    {
        try
        {
            return make(key, file, isNew: false);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void Close(Entry entry, NamedObject target)
    {
        bool isClosed;
        do
        {
            try
            {
                isClosed = target.TryClose();
            }
            catch
            {
                // Half closed: no caller may open it again.
                Settle(entry, target.Key, null);
                throw;
            }

            Settle(entry, target.Key, isClosed ? null : target);
        }
        while (!isClosed && IsToBeClosed(entry, target));
    }

    // The thread that owned it may have ended while it was being closed.
    private static bool IsToBeClosed(Entry entry, NamedObject target)
    {
        using (Gate.Hold())
        {
            if (target.Users > 0 || target.IsOwned || entry.Busy is not null || entry.Target != target)
            {
                return false;
            }

            entry.Busy = NewBusy();
            return true;
        }
    }

    private static void Settle(Entry entry, ObjectKey key, NamedObject? target)
    {
        TaskCompletionSource? busy;
        using (Gate.Hold())
        {
            busy = entry.Busy;
            entry.Busy = null;
            entry.Target = target;
            if (target is null)
            {
                _ = All.Remove(key);
            }
        }

        busy?.SetResult();
    }

    private static TaskCompletionSource NewBusy() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Entry
    {
        /// <summary>The object; null while it is being opened. Set while it is being closed: a thread that ends may own it.</summary>
        public NamedObject? Target { get; set; }

        /// <summary>Set while the object is being opened or closed.</summary>
        public TaskCompletionSource? Busy { get; set; } = NewBusy();
    }
}
