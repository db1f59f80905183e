using Fairlead.Patterns.Links.Pumping;

namespace Fairlead.Tests.Patterns;

/// <summary>Callers whose operations were completed under a lock are resumed after its release: in order, all of them, and once.</summary>
public sealed class CompletionsTests
{
    [Fact]
    public void All_are_signalled_in_the_order_of_their_completion_and_the_last_alone_may_run_here()
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
    public void One_that_cannot_be_told_costs_the_others_nothing()
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
    public void They_are_told_also_where_something_was_thrown_meanwhile()
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
    public void One_that_is_used_again_at_once_is_not_told_twice()
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
