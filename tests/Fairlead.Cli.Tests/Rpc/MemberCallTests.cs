using Fairlead.Cli.Rpc;
using Fairlead.Rpc;

namespace Fairlead.Cli.Tests.Rpc;

public sealed class MemberCallTests
{
    [Theory]
    [InlineData("Add", "Add")]
    [InlineData("AddAsync", "AddAsync")]
    [InlineData("add", "Add")]
    [InlineData("Sum", "SumAsync")]
    [InlineData("sum", "SumAsync")]
    [InlineData("Count", "Count")]
    [InlineData("COUNT", "COUNT")]
    public void Find_accepts_other_case_and_a_missing_Async_suffix(string name, string found) =>
        Assert.Equal(found, MemberCall.Find(Contract("Add", "AddAsync", "SumAsync", "Count", "COUNT"), name, "calc").Member.Name);

    [Theory]
    [InlineData("count", "'count' may be Count and COUNT of calc")]
    [InlineData("Nothing", "has no member 'Nothing'. It has Count, COUNT")]
    [InlineData("", "has no member ''")]
    public void Find_refuses_an_ambiguous_or_unknown_member(string name, string part)
    {
        var wrong = Assert.Throws<ToolException>(() => MemberCall.Find(Contract("Count", "COUNT"), name, "calc"));
        Assert.Equal(ExitCode.Usage, wrong.ExitCode);
        Assert.Contains(part, wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("int Add(int a, int b);", "a,b")]
    [InlineData("int Add(int a, int b, CancellationToken t = default);", "a,b")]
    [InlineData("int Add(int a);", null)]
    [InlineData("int Add(int a, int a);", null)]
    [InlineData("Add", null)]
    public void Parameter_names_are_used_only_if_they_fit_the_shape(string declaration, string? names)
    {
        MemberCall member = MemberCall.Of(new RpcDescription("Calc", [new RpcMember("Add", declaration, "(i32,i32)->i32")]), 0);
        Assert.Equal(names, member.Parameters is { } known ? string.Join(',', known.Select(static one => one.Name)) : null);
    }

    private static RpcDescription Contract(params string[] names) =>
        new("Calc", [.. names.Select(static name => new RpcMember(name, $"void {name}();", "()"))]);
}
