using Fairlead.Patterns.Links.Pumping;

namespace Fairlead.Tests.Patterns;

/// <summary>Callers whose operations were completed under a lock are resumed after its release: in order, all of them, and once.</summary>
public sealed class CompletionsTests
{
    [Fact]
    public void All_waiters_are_signalled_in_order_and_only_the_last_may_run_inline()
    {
        List<(int Number, bool Inline)> told = [];
        Completions completions = Completions.Rent();
        for (int i = 0; i < 3; i++)
        {
            completions.Add(new Recorder(i, told));
        }

        completions.Run(inline: true);
        Assert.Equal([(0, false), (1, false), (2, true)], told);
    }

    [Fact]
    public void A_waiter_whose_signal_throws_does_not_affect_the_others()
    {
        List<(int Number, bool Inline)> told = [];
        using (Completions completions = Completions.Rent())
        {
            completions.Add(new Recorder(0, told) { Fault = new InvalidOperationException("a scheduler that takes nothing") });
            completions.Add(new Recorder(1, told));
        }

        Assert.Equal([(0, false), (1, false)], told);
    }

    [Fact]
    public void Waiters_are_signalled_even_if_the_completing_code_throws()
    {
        List<(int Number, bool Inline)> told = [];
        Assert.Throws<InvalidOperationException>((Action)(() =>
        {
            using Completions completions = Completions.Rent();
            completions.Add(new Recorder(0, told));
            throw new InvalidOperationException();
        }));
        Assert.Equal([(0, false)], told);
    }

    [Fact]
    public void A_waiter_that_is_reused_immediately_is_not_signalled_twice()
    {
        List<(int Number, bool Inline)> told = [];
        Completions completions = Completions.Rent();
        Recorder eager = new(0, told);
        eager.Then = () =>
        {
            eager.Then = null;
            using Completions nested = Completions.Rent();
            nested.Add(eager);
        };
        completions.Add(eager);
        completions.Add(new Recorder(1, told));
        completions.Run(inline: false);
        Assert.Equal([(0, false), (0, false), (1, false)], told);
    }

    private sealed class Recorder(int number, List<(int Number, bool Inline)> told) : Operation
    {
        public Exception? Fault { get; init; }

        public Action? Then { get; set; }

        public override void Signal(bool inline)
        {
            told.Add((number, inline));
            Then?.Invoke();
            if (Fault is not null)
            {
                throw Fault;
            }
        }
    }
}
