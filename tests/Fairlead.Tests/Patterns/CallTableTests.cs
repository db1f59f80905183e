using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Tests.Patterns;

/// <summary>Where a call lies, and which ids are left out.</summary>
public sealed class CallTableTests
{
    private readonly CallTable _table = new();

    [Fact]
    public void A_call_is_found_by_its_id_until_it_is_removed()
    {
        LinkOperation call = new();
        Assert.True(_table.IsFree(7));
        _table.Add(7, call);
        Assert.False(_table.IsFree(7));
        Assert.True(_table.TryGet(7, out LinkOperation? found));
        Assert.Same(call, found);
        AssertHolds(call);

        _table.Remove(7);
        Assert.False(_table.TryGet(7, out _));
        Assert.True(_table.IsFree(7));
        AssertHolds();
    }

    [Fact]
    public void An_id_that_maps_to_the_slot_of_another_call_finds_and_removes_nothing()
    {
        LinkOperation call = new();
        _table.Add(7, call);
        for (uint other = 8; other < 1 << 12; other++)
        {
            Assert.False(_table.TryGet(other, out _));
            _table.Remove(other);
        }

        AssertHolds(call);
        Assert.False(_table.IsFree(0));
        Assert.False(_table.TryGet(0, out _));
    }

    /// <summary>The ids come one after the other, and the slots of calls that last come round again.</summary>
    [Theory]
    [InlineData(1u)]
    [InlineData(uint.MaxValue - 5000)]
    public void Few_consecutive_ids_are_skipped_around_long_calls(uint first)
    {
        Dictionary<uint, LinkOperation> all = [];
        Random random = new(1);
        uint id = first;
        int leftOut = 0;
        for (int i = 0; i < 20_000; i++)
        {
            int here = 0;
            for (; !_table.IsFree(id); id++)
            {
                here++;
            }

            Assert.True(here <= Math.Max(8, 2 * all.Count), $"{here} in a row are taken beside {all.Count} calls");
            leftOut += here;
            LinkOperation call = new();
            _table.Add(id, call);
            all.Add(id++, call);

            // Now more come than go, now more go.
            if (random.Next(i / 5000 % 2 == 0 ? 3 : 1) == 0)
            {
                for (int go = random.Next(3); go > 0 && all.Count > 0; go--)
                {
                    uint gone = all.Keys.ElementAt(random.Next(Math.Min(all.Count, 50)));
                    all.Remove(gone);
                    _table.Remove(gone);
                }
            }
        }

        Assert.True(leftOut > 0);
        AssertHolds([.. all.Values]);
        Assert.All(all, one => Assert.True(_table.TryGet(one.Key, out LinkOperation? call) && call == one.Value));

        _table.Clear();
        AssertHolds();
        Assert.All(all.Keys, one => Assert.False(_table.TryGet(one, out _)));
    }

    private void AssertHolds(params LinkOperation[] calls)
    {
        Assert.Equal(calls.Length, _table.Count);
        Assert.Equal(calls.ToHashSet(), _table.Calls.ToHashSet());
    }
}
