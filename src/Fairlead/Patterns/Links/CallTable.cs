using System.Diagnostics.CodeAnalysis;

namespace Fairlead.Patterns.Links;

/// <summary>Calls by the ids of their messages. It chooses ids such that each call has a separate place, which the low bits of its id
/// name.</summary>
/// <remarks>So nothing is hashed and nothing collides. Under the link's send lock.</remarks>
/// <param name="lastId">The id before the first.</param>
internal sealed class CallTable(uint lastId = 0)
{
    private LinkOperation?[] _places = new LinkOperation?[16];
    private uint _lastId = lastId;

    public int Count { get; private set; }

    /// <summary>Returns all calls, in no order.</summary>
    public IEnumerable<LinkOperation> All => _places.OfType<LinkOperation>();

    /// <summary>Chooses an id that is unique and not 0, whose place is free. Returns false if the next one is not.</summary>
    public bool TryTakeId(out uint id)
    {
        id = ++_lastId;
        return id != 0 && PlaceOf(id) is null;
    }

    /// <summary>Adds a call under an id that it chooses.</summary>
    public void Add(LinkOperation call)
    {
        if (2 * Count >= _places.Length)
        {
            Grow();
        }

        // At least half of the places are free.
        uint id;
        while (!TryTakeId(out id))
        {
        }

        call.Header.Id = id;
        AddUnderItsId(call);
    }

    /// <summary>Adds a call whose id was taken before, with no other call added since.</summary>
    public void AddUnderItsId(LinkOperation call)
    {
        PlaceOf(call.Header.Id) = call;
        Count++;
    }

    public bool TryGet(uint id, [NotNullWhen(true)] out LinkOperation? call)
    {
        call = PlaceOf(id);
        if (call?.Header.Id != id)
        {
            call = null;
        }

        return call is not null;
    }

    public void Remove(uint id)
    {
        if (TryGet(id, out _))
        {
            PlaceOf(id) = null;
            Count--;
        }
    }

    public void Clear()
    {
        Array.Clear(_places);
        Count = 0;
    }

    private ref LinkOperation? PlaceOf(uint id) => ref _places[id & (uint)(_places.Length - 1)];

    private void Grow()
    {
        LinkOperation?[] before = _places;
        _places = new LinkOperation?[2 * before.Length];
        foreach (LinkOperation? call in before)
        {
            if (call is not null)
            {
                PlaceOf(call.Header.Id) = call;
            }
        }
    }
}
