using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead.Tests.Patterns;

public sealed class CallTableTests
{
    private readonly CallTable _table = new();

    [Fact]
    public void Each_call_is_found_by_its_own_id_only()
    {
        LinkOperation[] calls = [.. Enumerable.Range(0, 1000).Select(_ => Add())];

        Assert.Equal(1000, _table.Count);
        Assert.Equal(1000, calls.Select(static call => call.Header.Id).Distinct().Count());
        Assert.All(calls, call => Assert.Same(call, Find(call.Header.Id)));
        Assert.Null(Find(0));
        Assert.Null(Find(5000));
    }

    [Fact]
    public void An_id_of_another_call_in_the_same_place_finds_nothing()
    {
        LinkOperation call = Add();

        Assert.Null(Find(call.Header.Id + 1024));
        _table.Remove(call.Header.Id + 1024);
        Assert.Same(call, Find(call.Header.Id));
        _table.Remove(call.Header.Id);
        _table.Remove(call.Header.Id);
        Assert.Null(Find(call.Header.Id));
        Assert.Equal(0, _table.Count);
    }

    [Fact]
    public void A_call_that_lasts_keeps_its_place_while_others_come_and_go()
    {
        LinkOperation lasting = Add();
        for (int i = 0; i < 1000; i++)
        {
            LinkOperation brief = Add();
            Assert.Same(brief, Find(brief.Header.Id));
            _table.Remove(brief.Header.Id);
        }

        Assert.Same(lasting, Find(lasting.Header.Id));
        Assert.Equal([lasting], _table.All);
        _table.Clear();
        Assert.Empty(_table.All);
        Assert.Equal(0, _table.Count);
    }

    [Fact]
    public void Ids_begin_again_behind_the_last_and_leave_0_out()
    {
        CallTable table = new(uint.MaxValue - 2);
        uint[] ids =
        [
            .. Enumerable.Range(0, 4).Select(_ =>
            {
                LinkOperation call = NewCall();
                table.Add(call);
                return call.Header.Id;
            }),
        ];
        Assert.Equal([uint.MaxValue - 1, uint.MaxValue, 1, 2], ids);
    }

    [Fact]
    public void An_id_may_be_taken_before_its_call_is_added_unless_its_place_is_taken()
    {
        LinkOperation lasting = Add();
        bool isTaken = true;
        for (int i = 0; i < 15; i++)
        {
            isTaken &= _table.TryTakeId(out _);
        }

        Assert.True(isTaken);
        Assert.False(_table.TryTakeId(out _));
        LinkOperation call = NewCall();
        Assert.True(_table.TryTakeId(out call.Header.Id));
        _table.AddUnderItsId(call);
        Assert.Same(call, Find(call.Header.Id));
        Assert.Same(lasting, Find(lasting.Header.Id));
    }

    private static LinkOperation NewCall() =>
        LinkOperation.Rent(null!, isBlocking: true, MessageHeader.Of(MessageKind.Request), default);

    private LinkOperation Add()
    {
        LinkOperation call = NewCall();
        _table.Add(call);
        return call;
    }

    private LinkOperation? Find(uint id) => _table.TryGet(id, out LinkOperation? call) ? call : null;
}
