using System.IO.MemoryMappedFiles;
using System.Reflection;

namespace Fairlead.NamedHandles.Tests.Places;

/// <summary>Compares the public members with those of the platform's types.</summary>
public sealed class SurfaceTests
{
    private const BindingFlags Members = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static;

    [Theory]
    [InlineData(typeof(System.IO.Pipes.NamedPipeServerStream), typeof(NamedPipeServerStream))]
    [InlineData(typeof(System.IO.Pipes.NamedPipeClientStream), typeof(NamedPipeClientStream))]
    public void Pipes_have_every_member_of_the_platforms(Type platform, Type own)
    {
        Assert.Empty(Constructors(platform).Except(Constructors(own)));
        Assert.Empty(Methods(platform).Except(Methods(own)));
        Assert.Empty(Fields(platform).Except(Fields(own)));
        Assert.True(platform.BaseType!.IsAssignableFrom(own));

        // What the platform's base type does itself would ask the platform's own state.
        Assert.Empty(own.GetMethods(Members).Where(static one => one.DeclaringType == typeof(System.IO.Pipes.PipeStream)
            && !Hidden(one)).Select(static one => one.Name));
    }

    [Fact]
    public void Maps_have_every_static_method_with_a_name()
    {
        IEnumerable<string> platform = typeof(MemoryMappedFile).GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Where(static one => one.GetParameters().Any(static parameter => parameter.Name == "mapName"))
            .Select(Text);
        Assert.Empty(platform.Except(Methods(typeof(NamedMemoryMaps))));
        Assert.Equal(14, platform.Count());
    }

    private static bool Hidden(MethodInfo method) => typeof(PipeStream).GetMethods(Members | BindingFlags.DeclaredOnly)
        .Any(one => one.Name == method.Name && Text(one) == Text(method))
        || method.Name is "get_CanRead" or "get_CanWrite" or "get_CanSeek" or "get_Length" or "get_Position" or "set_Position" or "Seek"
            or "SetLength";

    private static IEnumerable<string> Constructors(Type type) => type.GetConstructors().Select(static one => Text(one));

    private static IEnumerable<string> Fields(Type type) => type.GetFields(Members).Select(static one => one.Name);

    private static IEnumerable<string> Methods(Type type) => type.GetMethods(Members).Select(Text);

    private static string Text(MethodBase method) =>
        $"{method.Name}({string.Join(", ", method.GetParameters().Select(static one => $"{one.ParameterType} {one.Name}"))})";

    private static string Text(MethodInfo method) => $"{method.ReturnType} {Text((MethodBase)method)}";
}
