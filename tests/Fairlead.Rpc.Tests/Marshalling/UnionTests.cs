using Fairlead.Rpc.Contracts;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Marshalling;

/// <summary>A value of a derived type travels as a case of a union, or is refused: its parts are never cut off.</summary>
public sealed class UnionTests : IDisposable
{
    private readonly RpcServer _server = Rpc.Serve<IFigures>($"inproc://rpc-{Guid.NewGuid():N}", new Figures());
    private readonly RpcClient<IFigures> _client;

    public UnionTests() => _client = Rpc.Connect<IFigures>($"{_server.Addresses[0]}");

    private IFigures Service => _client.Service;

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void Each_case_is_returned_as_its_type()
    {
        Circle circle = new("c", 1.5);
        Assert.Equal(circle, Service.Same(circle));
        Assert.Equal(new Square("s", 2), Service.Same(new Square("s", 2)));
        Assert.IsType<Vacant>(Service.Same(new Vacant()));
        Assert.Null(Service.SameOrNull(null));
        Group group = Assert.IsType<Group>(Service.SameOrNull(new Group("g", [circle, new Group("inner", [], circle)], null)));
        Assert.Equal(circle, group.Figures[0]);
        Assert.Equal(circle, Assert.IsType<Group>(group.Figures[1]).Frame);
        Assert.Equal(3, Assert.IsType<Animal>(Service.SameAnimal(new Animal { Legs = 3 })).Legs);
        Dog dog = Assert.IsType<Dog>(Service.SameAnimal(new Dog { Legs = 4, Bark = "woof" }));
        Assert.Equal((4, "woof"), (dog.Legs, dog.Bark));
        ILength[] lengths = Service.SameLengths([new Metre(1.5), new Mile { Value = 2 }]);
        Assert.Equal(new Metre(1.5), lengths[0]);
        Assert.Equal(2, Assert.IsType<Mile>(lengths[1]).Value);
    }

    [Fact]
    public async Task Items_of_streams_keep_their_types()
    {
        List<Figure> seen = [];
        await foreach (Figure figure in Service.EachAsync(new Figure[] { new Circle("c", 1), new Square("s", 2) }.ToAsyncEnumerable()))
        {
            seen.Add(figure);
        }

        Assert.Equal([new Circle("c", 1), new Square("s", 2)], seen);
    }

    [Fact]
    public void A_type_that_is_not_a_case_is_refused_at_the_sender()
    {
        FairleadException refused = Assert.Throws<FairleadException>(() => Service.Same(new Triangle("t")));
        Assert.Equal(ErrorCode.NotSupported, refused.Code);
        Assert.Contains("not among the cases of that union", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Triangle", refused.Message, StringComparison.Ordinal);
        Assert.Equal(new Square("s", 1), Service.Same(new Square("s", 1)));
    }

    [Fact]
    public async Task A_result_that_is_not_a_case_fails_only_its_call()
    {
        TaskCompletionSource<Exception> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _server.HandlerFailed += (_, failure) => failed.TrySetResult(failure.Exception);
        Assert.Throws<RpcException>(() => Service.Make("t"));
        FairleadException refused = Assert.IsType<FairleadException>(await failed.Task.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal(ErrorCode.NotSupported, refused.Code);
        Assert.Contains("Triangle", refused.Message, StringComparison.Ordinal);
        Assert.Equal(new Square("s", 1), Service.Same(new Square("s", 1)));
    }

    [Fact]
    public void A_derived_value_without_a_union_is_refused_at_the_sender()
    {
        Assert.Equal(1, Service.SamePlain(new Plain { Value = 1 }).Value);
        FairleadException refused = Assert.Throws<FairleadException>(() => Service.SamePlain(new Derived { Value = 1, More = 2 }));
        Assert.Equal(ErrorCode.NotSupported, refused.Code);
        Assert.Contains("would be lost", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_error_names_a_case_unknown_to_the_reader()
    {
        FormatException refused = RpcReader.NotInUnion<Figure>(7);
        Assert.Contains("Figure has no case 7", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("|{1:A:{X:i32},2:B:{}}", "|{1:A:{X:i32}}", true)]
    [InlineData("|{1:A:{X:i32}}", "|{1:Other:{X:i32}}", true)]
    [InlineData("|{1:A:{X:i32}}", "|{1:A:{X:i64}}", false)]
    [InlineData("|{1:A:#{1:X:i32}}", "|{1:A:#{1:X:i32,2:Y:text}}", true)]
    [InlineData("|{1:A:#{1:X:i32}}", "|{1:A:{X:i32}}", false)]
    [InlineData("|{1:A:{X:i32}}", "#{1:A:{X:i32}}", false)]
    [InlineData("[|{1:A:{X:i32}}],i32", "[|{2:A:{X:i32}}],i32", true)]
    [InlineData("[|{1:A:{X:i32}}],i32", "[|{2:A:{X:i32}}],i64", false)]
    [InlineData("|", "|{1:A:{X:i32}}", false)]
    public void Cases_are_compared_by_their_numbers(string one, string other, bool fit)
    {
        Assert.Equal(fit, ShapeMatch.Fit(one, other));
        Assert.Equal(fit, ShapeMatch.Fit(other, one));
    }
}
