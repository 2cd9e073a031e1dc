zonebox_unit(server test_question test_support server)
zonebox_unit(server test_answer test_support server)
zonebox_unit(server test_reply test_support server)
zonebox_unit(server test_respond test_support server)
