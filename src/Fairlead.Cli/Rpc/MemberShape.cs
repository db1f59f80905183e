namespace Fairlead.Cli.Rpc;

/// <summary>The form of a call: <c>(i32,i32)->i32</c>.</summary>
/// <param name="Parameters">What the caller sends, in order.</param>
/// <param name="Result">What comes back; null: nothing.</param>
internal sealed record MemberShape(IReadOnlyList<Shape> Parameters, Shape? Result)
{
    public override string ToString() => $"({string.Join(',', Parameters)}){(Result is null ? "" : $"->{Result}")}";
}
