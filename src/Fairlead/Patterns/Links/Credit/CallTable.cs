using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links.Credit;

/// <summary>Calls by ids that this end gives out one after the other.</summary>
/// <remarks>
/// <para>
/// A call lies in the slot that the lowest bits of its id name. There is no search: an id whose slot is taken, by a call that has waited
/// long, is left out. So it is only for ids that this end chooses. Those of a peer could all name the same slot.
/// </para>
/// <para>Owns the slots, of which at least half are empty. Under the send lock of the link.</para>
/// </remarks>
internal sealed class CallTable
{
    private const int FewestSlots = 8;

    private Slot[] _slots = new Slot[FewestSlots];

    public int Count { get; private set; }

    /// <summary>All calls, in no particular order.</summary>
    public IEnumerable<LinkOperation> Calls => _slots.Where(static slot => slot.Call is not null).Select(static slot => slot.Call!);

    /// <summary>Whether a call may be added under this id. At least half of as many ids in a row as there are slots are free.</summary>
    public bool IsFree(uint id) => id != 0 && (Count == 0 || SlotOf(id).Call is null);

    public bool TryGet(uint id, [NotNullWhen(true)] out LinkOperation? call)
    {
        ref Slot slot = ref SlotOf(id);
        call = slot.Id == id ? slot.Call : null;
        return call is not null;
    }

    /// <summary>Adds a call under a free id.</summary>
    public void Add(uint id, LinkOperation call)
    {
        Debug.Assert(IsFree(id), "Another call lies there.");
        SlotOf(id) = new Slot { Id = id, Call = call };
        if (2 * ++Count > _slots.Length)
        {
            Grow();
        }
    }

    /// <summary>Removes the call with this id, if there is one.</summary>
    public void Remove(uint id)
    {
        if (TryGet(id, out _))
        {
            SlotOf(id).Call = null;
            Count--;
        }
    }

    public void Clear()
    {
        Array.Clear(_slots);
        Count = 0;
    }

    // The length is a power of two.
    private ref Slot SlotOf(uint id) => ref _slots[id & (uint)(_slots.Length - 1)];

    private void Grow()
    {
        Slot[] fewer = _slots;
        _slots = new Slot[2 * fewer.Length];

        // Ids that differ in their lowest bits still do with one bit more.
        foreach (Slot slot in fewer.Where(static slot => slot.Call is not null))
        {
            SlotOf(slot.Id) = slot;
        }
    }

    private struct Slot
    {
        public uint Id;
        public LinkOperation? Call;
    }
}
