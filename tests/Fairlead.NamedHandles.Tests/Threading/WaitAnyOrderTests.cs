namespace Fairlead.NamedHandles.Tests.Threading;

/// <summary>The order in which handles are signalled, as a waiter sees it.</summary>
public sealed class WaitAnyOrderTests
{
    private const int Rounds = 20_000;

    [Fact]
    public void A_handle_that_was_signalled_before_a_later_handle_is_returned_first()
    {
        string name = $"o{Guid.NewGuid():N}";
        using EventWaitHandle first = new(false, EventResetMode.AutoReset, $"{name}-first");
        using EventWaitHandle second = new(false, EventResetMode.AutoReset, $"{name}-second");
        using Barrier begin = new(2);
        int wrong = 0;
        Thread signaller = new(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                begin.SignalAndWait();
                first.Set();
                second.Set();
            }
        });
        signaller.Start();
        for (int i = 0; i < Rounds; i++)
        {
            begin.SignalAndWait();
            WaitHandle[] both = [first, second];
            wrong += NamedWaitHandles.WaitAny(both) == 0 ? 0 : 1;
            _ = (wrong, NamedWaitHandles.WaitAny(both));
        }

        signaller.Join();
        Assert.Equal(0, wrong);
    }
}
