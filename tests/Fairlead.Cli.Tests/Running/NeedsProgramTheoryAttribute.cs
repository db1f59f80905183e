namespace Fairlead.Cli.Tests.Running;

/// <summary>The same as <see cref="NeedsProgramFactAttribute"/> for a theory.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsProgramTheoryAttribute : TheoryAttribute
{
    public NeedsProgramTheoryAttribute(string program) => Skip = new NeedsProgramFactAttribute(program).Skip;
}
